#include "core/base/value.hpp"

#include "core/base/words/literal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace lathe {

namespace {

[[noreturn]] void wrong_kind(std::string_view expected, const Value& found) {
  std::string shown = found.text();
  if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
  throw usage_error(fmt::format("expected {}, found {} {}", expected, found.kind_name(), shown),
                    found.position());
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool contains(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }

// What the grammar of component text reads back as this very string without quotes.
bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  for (std::string_view word : {"true", "false", "NA", "inf", "nan"}) {
    if (text == word) return false;
  }
  if (!is_letter(text[0]) && !contains("_./~", text[0])) return false;
  if (text[0] == '.' && text.size() > 1 && is_digit(text[1])) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || contains("_-./~:@+", c); });
}

}  // namespace

bool Value::as_bool() const {
  if (const bool* b = std::get_if<bool>(&data_)) return *b;
  wrong_kind("true or false", *this);
}

std::int64_t Value::as_int() const {
  if (const std::int64_t* i = std::get_if<std::int64_t>(&data_)) return *i;
  wrong_kind("an integer", *this);
}

double Value::as_float() const {
  if (const double* d = std::get_if<double>(&data_)) return *d;
  if (const std::int64_t* i = std::get_if<std::int64_t>(&data_)) return static_cast<double>(*i);
  wrong_kind("a number", *this);
}

const std::string& Value::as_string() const {
  if (const Text* text = std::get_if<Text>(&data_)) return **text;
  wrong_kind("a string", *this);
}

const Value::List& Value::as_list() const {
  if (const Items* list = std::get_if<Items>(&data_)) return **list;
  wrong_kind("an array", *this);
}

const Value::Map& Value::as_map() const {
  if (const Entries* map = std::get_if<Entries>(&data_)) return **map;
  wrong_kind("a table", *this);
}

Value::List& Value::as_list() {
  if (Items* list = std::get_if<Items>(&data_)) return list->own();
  wrong_kind("an array", *this);
}

Value::Map& Value::as_map() {
  if (Entries* map = std::get_if<Entries>(&data_)) return map->own();
  wrong_kind("a table", *this);
}

const Value* Value::find(std::string_view key) const {
  const Entries* map = std::get_if<Entries>(&data_);
  if (map == nullptr) return nullptr;
  for (const Entry& entry : **map) {
    if (entry.first == key) return &entry.second;
  }
  return nullptr;
}

Value* Value::find_to_write(std::string_view key) {
  if (find(key) == nullptr) return nullptr;
  for (Entry& entry : as_map()) {
    if (entry.first == key) return &entry.second;
  }
  return nullptr;
}

Value& Value::set(std::string_view key, Value value) {
  if (is_none()) data_ = Entries::make();
  Map& map = as_map();
  for (Entry& entry : map) {
    if (entry.first == key) return entry.second = std::move(value);
  }
  return map.emplace_back(std::string(key), std::move(value)).second;
}

void Value::erase(std::string_view key) {
  Map& map = as_map();
  std::erase_if(map, [&](const Entry& entry) { return entry.first == key; });
}

std::string_view Value::kind_name() const {
  switch (data_.index()) {
    case 0:
      return "none";
    case 1:
      return "boolean";
    case 2:
      return "integer";
    case 3:
      return "float";
    case 4:
      return "string";
    case 5:
      return "array";
    default:
      return "table";
  }
}

std::string Value::text() const {
  if (is_none()) return "NA";
  if (const bool* b = std::get_if<bool>(&data_)) return *b ? "true" : "false";
  if (const std::int64_t* i = std::get_if<std::int64_t>(&data_)) return fmt::format("{}", *i);
  if (const double* d = std::get_if<double>(&data_)) return float_text(*d);
  if (is_string()) return is_plain(as_string()) ? as_string() : quoted(as_string());
  std::string out;
  if (is_list()) {
    for (const Value& item : as_list()) out += (out.empty() ? "" : ", ") + item.text();
    return "[" + out + "]";
  }
  for (const Entry& entry : as_map()) {
    if (!out.empty()) out += ", ";
    out +=
        (is_bare_key(entry.first) ? entry.first : quoted(entry.first)) + "=" + entry.second.text();
  }
  return "{" + out + "}";
}

const Position& Value::position() const {
  static const Position unknown;
  return position_ == nullptr ? unknown : *position_;
}

Value& Value::at(const Position& position) {
  position_ = position == Position() ? nullptr : Shared<Position>::make(position);
  return *this;
}

bool Value::shares(const Value& other) const {
  return std::visit(
      []<typename A, typename B>(const A& a, const B& b) {
        if constexpr (std::is_same_v<A, B> && requires { a.get(); }) {
          return a.get() == b.get();
        } else {
          return false;
        }
      },
      data_, other.data_);
}

bool Value::operator==(const Value& other) const {
  return shares(other) || std::visit(
                              []<typename A, typename B>(const A& a, const B& b) {
                                if constexpr (!std::is_same_v<A, B>) {
                                  return false;
                                } else if constexpr (requires { a.get(); }) {
                                  return *a == *b;
                                } else if constexpr (std::is_same_v<A, double>) {
                                  return a == b && std::signbit(a) == std::signbit(b);
                                } else {
                                  return a == b;
                                }
                              },
                              data_, other.data_);
}

}  // namespace lathe
