// A typed tree with positions: options, attributes, metadata and configuration are all this.
// Maps keep the order in which they were written. Copies share texts, lists and maps until one of
// them writes, so that a copy costs nothing. Knows nothing about TOML, JSON or the ABI.
#pragma once

#include "core/base/error.hpp"
#include "core/base/shared.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lathe {

class Value {
 public:
  using List = std::vector<Value>;
  using Entry = std::pair<std::string, Value>;
  using Map = std::vector<Entry>;

  Value() = default;  // none: null in JSON, "NA" in a TOML file
  Value(bool b) : data_(b) {}
  Value(int i) : data_(std::int64_t{i}) {}
  Value(std::int64_t i) : data_(i) {}
  Value(double d) : data_(d) {}
  Value(const char* text) : Value(std::string(text)) {}
  Value(std::string_view text) : Value(std::string(text)) {}
  Value(std::string text) : data_(Text::make(std::move(text))) {}
  Value(List list) : data_(Items::make(std::move(list))) {}
  Value(Map map) : data_(Entries::make(std::move(map))) {}
  Value(const Value&) = default;
  Value& operator=(const Value&) = default;
  // What is moved from is none.
  Value(Value&& other) noexcept
      : data_(std::exchange(other.data_, {})), position_(std::move(other.position_)) {}
  Value& operator=(Value&& other) noexcept {
    data_ = std::exchange(other.data_, {});
    position_ = std::move(other.position_);
    return *this;
  }

  bool is_none() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_int() const { return std::holds_alternative<std::int64_t>(data_); }
  bool is_float() const { return std::holds_alternative<double>(data_); }
  bool is_number() const { return is_int() || is_float(); }
  bool is_string() const { return std::holds_alternative<Text>(data_); }
  bool is_list() const { return std::holds_alternative<Items>(data_); }
  bool is_map() const { return std::holds_alternative<Entries>(data_); }

  // REQUIRES: the kind asked for; a wrong one throws usage_error with the position.
  // An integer is accepted where a float is asked for.
  bool as_bool() const;
  std::int64_t as_int() const;
  double as_float() const;
  const std::string& as_string() const;
  const List& as_list() const;
  const Map& as_map() const;
  // To write to; no longer once the value was copied.
  List& as_list();
  Map& as_map();

  // The entry of a map, or null if there is none (or this is no map).
  const Value* find(std::string_view key) const;
  Value* find_to_write(std::string_view key);  // the same, for a value that may be written to
  // Sets an entry, at the end if it is new. REQUIRES: a map, or none (which becomes a map).
  Value& set(std::string_view key, Value value);
  void erase(std::string_view key);

  const Position& position() const;
  Value& at(const Position& position);

  // "integer", "table", ...: the word an error message uses.
  std::string_view kind_name() const;
  // As a user would write it: 8, "adam" -> adam, [1, 2], {a=1}; none is NA.
  std::string text() const;

  // Positions do not count; 0.0 and -0.0 are two values.
  bool operator==(const Value& other) const;
  // True if both are one list, map or text that neither has written to since it was copied: then
  // they are equal. (Equal ones need not be shared.)
  bool shares(const Value& other) const;

 private:
  using Text = Shared<std::string>;
  using Items = Shared<List>;
  using Entries = Shared<Map>;

  std::variant<std::monostate, bool, std::int64_t, double, Text, Items, Entries> data_;
  Shared<Position> position_;  // null: unknown
};

}  // namespace lathe
