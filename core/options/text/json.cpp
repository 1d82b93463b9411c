// The parser tells values in their order, without places: a cursor walks the same text beside it.
#include "core/options/text/json.hpp"

#include "core/options/text/document.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace lathe {
namespace {

constexpr std::size_t kDeepest = 200;  // of a stack that readers walk along

class Cursor {
 public:
  Cursor(std::string_view text, std::string name) : text_(text), name_(std::move(name)) {}

  // Passes over what stands between values, and gives the place of the next token.
  Position next() {
    while (at_ < text_.size() && std::string_view(" \t\r\n,:").find(text_[at_]) != kNowhere) step();
    return {name_, line_, static_cast<int>(at_ - line_start_) + 1};
  }
  // Passes over a token that the parser has accepted.
  void pass() {
    if (at_ >= text_.size()) return;
    const char first = text_[at_];
    step();
    if (std::string_view("{}[]").find(first) != kNowhere) return;
    if (first != '"') {
      while (at_ < text_.size() && std::string_view(" \t\r\n,:]}").find(text_[at_]) == kNowhere)
        step();
      return;
    }
    for (bool escaped = false; at_ < text_.size(); step()) {
      if (text_[at_] == '"' && !escaped) return step();
      escaped = text_[at_] == '\\' && !escaped;
    }
  }
  Position at_byte(std::size_t byte) {
    while (at_ < std::min(byte, text_.size())) step();
    return {name_, line_, static_cast<int>(at_ - line_start_) + 1};
  }

 private:
  static constexpr auto kNowhere = std::string_view::npos;

  void step() {
    if (text_[at_++] != '\n') return;
    ++line_;
    line_start_ = at_;
  }

  std::string_view text_;
  std::string name_;
  std::size_t at_ = 0, line_start_ = 0;
  int line_ = 1;
};

class Builder {
 public:
  Builder(std::string_view text, const std::string& name) : cursor_(text, name) {}

  bool null() { return add(Value()); }
  bool boolean(bool b) { return add(Value(b)); }
  bool number_integer(std::int64_t i) { return add(Value(i)); }
  bool number_unsigned(std::uint64_t u) {
    return add(u <= INT64_MAX ? Value(static_cast<std::int64_t>(u))
                              : Value(static_cast<double>(u)));
  }
  bool number_float(double d, const std::string& /*written*/) { return add(Value(d)); }
  bool string(std::string& text) { return add(Value(std::move(text))); }
  bool binary(std::vector<std::uint8_t>& /*bytes*/) { return false; }  // JSON has none
  bool start_object(std::size_t /*unknown*/) { return open(Value(Value::Map{})); }
  bool start_array(std::size_t /*unknown*/) { return open(Value(Value::List{})); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& word) {
    const Position place = cursor_.next();
    if (open_.back().value.find(word) != nullptr)
      throw usage_error(fmt::format("the key '{}' is there twice", word), place);
    open_.back().key = std::move(word);
    cursor_.pass();
    return true;
  }
  // After the last token that was read.
  bool parse_error(std::size_t byte, const std::string& /*token*/,
                   const nlohmann::json::exception& error) {
    const std::string_view said = error.what();
    const std::size_t reason = said.rfind("; ");
    throw usage_error(
        fmt::format("this is no JSON: {}", said.substr(reason == said.npos ? 0 : reason + 2)),
        cursor_.at_byte(byte == 0 ? 0 : byte - 1));
  }

  Value take() { return std::move(root_); }

 private:
  struct Open {
    Value value;
    std::string key;  // of a map: what the next value belongs to
  };

  bool add(Value value) {
    value.at(cursor_.next());
    cursor_.pass();
    place(std::move(value));
    return true;
  }
  bool open(Value value) {
    const Position position = cursor_.next();
    if (open_.size() == kDeepest)
      throw usage_error(fmt::format("nested deeper than {} levels", kDeepest), position);
    value.at(position);
    cursor_.pass();
    open_.push_back({std::move(value), {}});
    return true;
  }
  bool close() {
    cursor_.next();
    cursor_.pass();
    Value done = std::move(open_.back().value);
    open_.pop_back();
    place(std::move(done));
    return true;
  }
  void place(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Open& around = open_.back(); around.value.is_list()) {
      around.value.as_list().push_back(std::move(value));
    } else {
      around.value.as_map().emplace_back(std::move(around.key), std::move(value));
    }
  }

  Cursor cursor_;
  std::vector<Open> open_;
  Value root_;
};

}  // namespace

Value read_json(const std::filesystem::path& path) {
  return parse_json(read_config(path, "JSON"), path.string());
}

Value parse_json(std::string_view text, const std::string& name) {
  Builder builder(text, name);
  nlohmann::json::sax_parse(text, &builder);
  return builder.take();
}

}  // namespace lathe
