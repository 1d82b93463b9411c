// safetensors: 8 bytes of header length, a JSON header, then the contents of all tensors.
// Format: github.com/huggingface/safetensors, "Format". Lathe adds nothing to it.
#include "core/checkpoint/safetensors.hpp"

#include "core/base/file.hpp"
#include "core/checkpoint/convert.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <set>

namespace lathe {

namespace {

using Json = nlohmann::json;  // sorted, so that many names cost little

constexpr std::size_t kLengthSize = 8, kAlignment = 8;
constexpr std::size_t kDeepestJson = 4;

struct TypeName {
  std::string_view name;
  DType dtype;  // none: a type that Lathe lacks
  std::uint64_t bits;
};
constexpr std::array kTypeNames{
    TypeName{"F64", DType::float64, 64},     TypeName{"F32", DType::float32, 32},
    TypeName{"F16", DType::float16, 16},     TypeName{"BF16", DType::bfloat16, 16},
    TypeName{"I64", DType::int64, 64},       TypeName{"I32", DType::int32, 32},
    TypeName{"I16", DType::int16, 16},       TypeName{"I8", DType::int8, 8},
    TypeName{"U8", DType::uint8, 8},         TypeName{"BOOL", DType::boolean, 8},
    TypeName{"U64", DType::none, 64},        TypeName{"U32", DType::none, 32},
    TypeName{"U16", DType::none, 16},        TypeName{"C64", DType::none, 64},
    TypeName{"C128", DType::none, 128},      TypeName{"F8_E4M3", DType::none, 8},
    TypeName{"F8_E5M2", DType::none, 8},     TypeName{"F8_E8M0", DType::none, 8},
    TypeName{"F8_E4M3FNUZ", DType::none, 8}, TypeName{"F8_E5M2FNUZ", DType::none, 8},
    TypeName{"F6_E2M3", DType::none, 6},     TypeName{"F6_E3M2", DType::none, 6},
    TypeName{"F4", DType::none, 4},
};

// Null for a type that came later than this table.
const TypeName* type_of(std::string_view name) {
  for (const auto& row : kTypeNames)
    if (row.name == name) return &row;
  return nullptr;
}

std::string_view name_of(DType dtype) {
  for (const auto& row : kTypeNames)
    if (row.dtype == dtype && dtype != DType::none) return row.name;
  throw usage_error("safetensors has no type for " + std::string(name(dtype)));
}

// Looks through the header before it is parsed: nesting is bounded, and no key comes twice. A
// parser that keeps the last of two equal names would let a file mean two things.
class HeaderCheck : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderCheck(const InputFile& file) : file_(file) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_array(std::size_t) override { return enter(); }
  bool end_array() override { return leave(); }
  bool start_object(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool key(string_t& name) override {
    if (!keys_.back().insert(name).second)
      throw file_.damaged("the header names '" + name + "' twice");
    return true;
  }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::json::exception& error) override {
    throw file_.damaged(std::string("the header is no JSON: ") + error.what());
  }

 private:
  bool enter() {
    keys_.emplace_back();
    if (keys_.size() > kDeepestJson) throw file_.damaged("the header is nested too deeply");
    return true;
  }
  bool leave() {
    keys_.pop_back();
    return true;
  }

  const InputFile& file_;
  std::vector<std::set<std::string>> keys_;  // of every object and array that is open
};

Json parse_header(const InputFile& file, const std::string& text) {
  HeaderCheck check(file);
  Json::sax_parse(text, &check);
  return Json::parse(text);
}

struct Range {
  std::string name;
  std::string type;           // as the file calls it
  DType dtype = DType::none;  // none: Lathe lacks it
  Shape shape;
  std::uint64_t begin = 0, end = 0;
};

Range range_of(const InputFile& file, const std::string& name, const Json& entry) {
  const auto fail = [&](const std::string& what) {
    return file.damaged("tensor '" + name + "' " + what);
  };
  const auto whole_numbers = [&](const char* key) {
    std::vector<std::uint64_t> out;
    if (!entry.is_object() || !entry.contains(key) || !entry[key].is_array())
      throw fail(std::string("lacks its ") + key);
    for (const auto& number : entry[key]) {
      if (!number.is_number_unsigned() || number.get<std::uint64_t>() > INT64_MAX)
        throw fail(std::string("has a ") + key + " that is no list of whole numbers");
      out.push_back(number.get<std::uint64_t>());
    }
    return out;
  };
  Range range;
  range.name = name;
  const auto offsets = whole_numbers("data_offsets");
  const auto dims = whole_numbers("shape");
  if (!entry.contains("dtype") || !entry["dtype"].is_string()) throw fail("lacks its dtype");
  range.type = entry["dtype"];
  const TypeName* known = type_of(range.type);
  range.dtype = known == nullptr ? DType::none : known->dtype;
  range.shape = Shape(std::vector<std::int64_t>(dims.begin(), dims.end()));
  if (offsets.size() != 2 || offsets[0] > offsets[1]) throw fail("has offsets that make no sense");
  range.begin = offsets[0];
  range.end = offsets[1];
  if (known == nullptr) return range;
  std::uint64_t bits = known->bits;
  for (const std::uint64_t dim : dims)
    if (__builtin_mul_overflow(bits, dim, &bits)) throw fail("has a shape out of range");
  const std::uint64_t bytes = bits / 8 + (bits % 8 == 0 ? 0 : 1);
  if (bytes != range.end - range.begin)
    throw fail("of shape " + range.shape.text() + " and type " + range.type + " needs " +
               std::to_string(bytes) + " bytes; the header gives it " +
               std::to_string(range.end - range.begin));
  return range;
}

// The format allows neither holes nor overlaps; either hides something.
void check_layout(const InputFile& file, std::vector<Range> ranges, std::uint64_t data_size) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t at = 0;
  for (const Range& range : ranges) {
    if (range.begin < at)
      throw file.damaged("tensor '" + range.name + "' overlaps the one before it");
    if (range.begin > at) throw file.damaged("there is a hole before tensor '" + range.name + "'");
    at = range.end;
    if (at > data_size)
      throw file.damaged("tensor '" + range.name + "' needs bytes up to " + std::to_string(at) +
                         " of the data; there are " + std::to_string(data_size) +
                         ": the file is truncated");
  }
  if (at != data_size)
    throw file.damaged(std::to_string(data_size - at) + " bytes at the end belong to no tensor");
}

Error without_tensors(const InputFile& file, const Checkpoint& checkpoint) {
  std::string what = "it holds no tensors, only an empty header";
  if (!checkpoint.lacking.empty())
    what = "it holds no tensors of a type that Lathe has: '" + checkpoint.lacking.begin()->first +
           "' is " + checkpoint.lacking.begin()->second;
  else if (!checkpoint.metadata.empty())
    what =
        "it holds no tensors, only metadata, such as '" + checkpoint.metadata.begin()->first + "'";
  return run_error(LATHE_INVALID_ARGUMENT, what, {file.path().string()});
}

}  // namespace

Checkpoint read_safetensors(const InputFile& file) {
  std::uint64_t length = 0;
  file.read(0, std::as_writable_bytes(std::span(&length, 1)));
  if (length > kLargestSafetensorsHeader || !file.holds(kLengthSize, length))
    throw file.damaged("the header should be " + std::to_string(length) +
                       " bytes long, more than the file holds: it is truncated or damaged");
  std::string text(length, '\0');
  file.read(kLengthSize, std::as_writable_bytes(std::span(text)));
  const Json header = parse_header(file, text);
  if (!header.is_object()) throw file.damaged("the header is no JSON object");

  Checkpoint checkpoint;
  checkpoint.type = "safetensors";
  std::vector<Range> ranges;
  for (const auto& [name, entry] : header.items()) {
    if (name != "__metadata__") {
      ranges.push_back(range_of(file, name, entry));
      continue;
    }
    if (entry.is_null()) continue;  // as some writers have it who have nothing to say
    if (!entry.is_object()) throw file.damaged("__metadata__ is no JSON object");
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) throw file.damaged("metadata '" + key + "' is no text");
      checkpoint.metadata[key] = value.get<std::string>();
    }
  }
  const std::uint64_t data_offset = kLengthSize + length;
  check_layout(file, ranges, file.size() - data_offset);
  for (const Range& range : ranges) {
    if (range.dtype == DType::none) {
      checkpoint.lacking.emplace(range.name, "of type " + range.type);
      continue;
    }
    auto contents = Tensor::make(range.dtype, range.shape, [&](std::span<std::byte> out) {
      file.read(data_offset + range.begin, out);
      if (range.dtype == DType::boolean) normalise_booleans(out);
    });
    checkpoint.tensors.emplace(range.name, std::move(contents));
  }
  if (checkpoint.tensors.empty()) throw without_tensors(file, checkpoint);
  return checkpoint;
}

void write_safetensors(const std::filesystem::path& path,
                       const std::map<std::string, Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  // Large elements first, as the reference implementation does: then each tensor is aligned to its
  // element without padding. Names order the rest, so equal tensors give equal bytes.
  std::vector<std::pair<std::string_view, const Tensor*>> order;
  for (const auto& [name, tensor] : tensors) {
    if (name == "__metadata__")
      throw usage_error("no tensor in a safetensors file can be named __metadata__");
    if (!tensor.defined() || tensor.dtype() == DType::none)
      throw usage_error("tensor '" + name + "' has no contents to write");
    order.emplace_back(name, &tensor);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return element_size(a.second->dtype()) > element_size(b.second->dtype());
  });

  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  using Entries = nlohmann::ordered_json::object_t;
  Entries& entries = header.get_ref<Entries&>();
  std::uint64_t at = 0;
  for (const auto& [name, tensor] : order) {
    const std::uint64_t end = at + tensor->bytes().size();
    // Every name comes once: it is not looked for among those before.
    entries.Entries::Container::emplace_back(
        std::string(name), nlohmann::ordered_json{{"dtype", name_of(tensor->dtype())},
                                                  {"shape", tensor->shape().dims()},
                                                  {"data_offsets", {at, end}}});
    at = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    throw usage_error("a tensor's name or metadata is not UTF-8, which safetensors demands",
                      {path.string()});
  }
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  const std::uint64_t length = text.size();

  write_atomically(path, [&](const ByteSink& sink) {
    sink(std::as_bytes(std::span(&length, 1)));
    sink(std::as_bytes(std::span(text)));
    for (const auto& [name, tensor] : order) sink(tensor->bytes());
  });
}

}  // namespace lathe
