#include "core/search/isolation/wire.hpp"

#include <bit>
#include <cstring>

namespace lathe {
namespace {

enum class Tag : std::uint8_t { none, boolean, integer, real, text, list, map };
constexpr int kDeepest = 100;

Error garbled() {
  return run_error(LATHE_INTERNAL, "what a helper process sent is none of its messages");
}

}  // namespace

void WireWriter::put(const void* data, std::size_t size) {
  bytes_.append(static_cast<const char*>(data), size);
}

WireWriter& WireWriter::whole(std::uint64_t number) {
  put(&number, sizeof number);
  return *this;
}

WireWriter& WireWriter::real(double number) { return whole(std::bit_cast<std::uint64_t>(number)); }

WireWriter& WireWriter::text(std::string_view text) {
  whole(text.size());
  put(text.data(), text.size());
  return *this;
}

WireWriter& WireWriter::texts(const std::vector<std::string>& texts) {
  whole(texts.size());
  for (const std::string& one : texts) text(one);
  return *this;
}

WireWriter& WireWriter::reals(std::span<const double> numbers) {
  whole(numbers.size());
  put(numbers.data(), numbers.size_bytes());
  return *this;
}

WireWriter& WireWriter::value(const Value& value) {
  const auto tagged = [this](Tag tag) { bytes_ += static_cast<char>(tag); };
  if (value.is_bool()) {
    tagged(Tag::boolean);
    whole(value.as_bool() ? 1 : 0);
  } else if (value.is_int()) {
    tagged(Tag::integer);
    whole(std::bit_cast<std::uint64_t>(value.as_int()));
  } else if (value.is_float()) {
    tagged(Tag::real);
    real(value.as_float());
  } else if (value.is_string()) {
    tagged(Tag::text);
    text(value.as_string());
  } else if (value.is_list()) {
    tagged(Tag::list);
    whole(value.as_list().size());
    for (const Value& item : value.as_list()) this->value(item);
  } else if (value.is_map()) {
    tagged(Tag::map);
    whole(value.as_map().size());
    for (const auto& [key, item] : value.as_map()) text(key).value(item);
  } else {
    tagged(Tag::none);
  }
  return *this;
}

void WireReader::get(void* data, std::size_t size) {
  if (size > rest_.size()) throw garbled();
  std::memcpy(data, rest_.data(), size);
  rest_.remove_prefix(size);
}

// Never more than the bytes that are left can hold, so that nothing is allocated for a lie.
std::size_t WireReader::count(std::size_t bytes_each) {
  const std::uint64_t number = whole();
  if (number > rest_.size() / bytes_each) throw garbled();
  return number;
}

std::uint64_t WireReader::whole() {
  std::uint64_t number = 0;
  get(&number, sizeof number);
  return number;
}

double WireReader::real() { return std::bit_cast<double>(whole()); }

std::string WireReader::text() {
  std::string text(count(1), '\0');
  get(text.data(), text.size());
  return text;
}

std::vector<std::string> WireReader::texts() {
  std::vector<std::string> texts(count(sizeof(std::uint64_t)));
  for (std::string& one : texts) one = text();
  return texts;
}

std::vector<double> WireReader::reals() {
  std::vector<double> numbers(count(sizeof(double)));
  get(numbers.data(), numbers.size() * sizeof(double));
  return numbers;
}

Value WireReader::value() { return value_within(kDeepest); }

Value WireReader::value_within(int depth) {
  if (depth == 0) throw garbled();
  Tag tag{};
  get(&tag, sizeof tag);
  switch (tag) {
    case Tag::none:
      return {};
    case Tag::boolean:
      return whole() != 0;
    case Tag::integer:
      return std::bit_cast<std::int64_t>(whole());
    case Tag::real:
      return real();
    case Tag::text:
      return text();
    case Tag::list: {
      Value::List items(count(1));
      for (Value& item : items) item = value_within(depth - 1);
      return items;
    }
    case Tag::map: {
      Value::Map entries(count(sizeof(std::uint64_t)));
      for (auto& [key, item] : entries) {
        key = text();
        item = value_within(depth - 1);
      }
      return entries;
    }
  }
  throw garbled();
}

void WireReader::end() const {
  if (!rest_.empty()) throw garbled();
}

}  // namespace lathe
