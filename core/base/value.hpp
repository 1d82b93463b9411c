// A typed tree with positions: options, attributes, metadata and configuration are all this.
// Maps keep the order in which they were written. Knows nothing about TOML, JSON or the ABI.
#pragma once

#include "core/base/error.hpp"

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
  Value(const char* text) : data_(std::string(text)) {}
  Value(std::string_view text) : data_(std::string(text)) {}
  Value(std::string text) : data_(std::move(text)) {}
  Value(List list) : data_(std::move(list)) {}
  Value(Map map) : data_(std::move(map)) {}

  bool is_none() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_int() const { return std::holds_alternative<std::int64_t>(data_); }
  bool is_float() const { return std::holds_alternative<double>(data_); }
  bool is_number() const { return is_int() || is_float(); }
  bool is_string() const { return std::holds_alternative<std::string>(data_); }
  bool is_list() const { return std::holds_alternative<List>(data_); }
  bool is_map() const { return std::holds_alternative<Map>(data_); }

  // REQUIRES: the kind asked for; a wrong one throws usage_error with the position.
  // An integer is accepted where a float is asked for.
  bool as_bool() const;
  std::int64_t as_int() const;
  double as_float() const;
  const std::string& as_string() const;
  const List& as_list() const;
  const Map& as_map() const;
  List& as_list();
  Map& as_map();

  // The entry of a map, or null if there is none (or this is no map).
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  // Sets an entry, at the end if it is new. REQUIRES: a map, or none (which becomes a map).
  Value& set(std::string_view key, Value value);
  void erase(std::string_view key);

  const Position& position() const { return position_; }
  Value& at(Position position) {
    position_ = std::move(position);
    return *this;
  }

  // "integer", "table", ...: the word an error message uses.
  std::string_view kind_name() const;
  // As a user would write it: 8, "adam" -> adam, [1, 2], {a=1}; none is NA.
  std::string text() const;

  // Positions do not count.
  bool operator==(const Value& other) const { return data_ == other.data_; }

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map> data_;
  Position position_;
};

}  // namespace lathe
