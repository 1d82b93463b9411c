// Option tables and how values are checked against them. Plugins' tables become these; so do the
// tables of commands and of the training.
#pragma once

#include "core/base/value.hpp"

#include <lathe/module.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lathe {

struct Range {
  std::optional<double> low, high;
  bool low_open = false, high_open = false;
  bool contains(double x) const;
  std::string text() const;  // as written
};
Range parse_range(std::string_view text);  // "1..64", "0..", "0<..1", "..<1"

struct Option {
  std::string key;
  lathe_option_type type = LATHE_OPTION_ANY;
  lathe_option_flags flags = 0;
  std::optional<Value> default_value;
  std::optional<Range> range;
  std::string not_zero;  // why 0 is refused though the range has it; empty: it is not
  std::vector<std::string> choices;
  std::string unit;
  std::string doc;
  std::vector<Option> items;  // of tables and node maps; a table without any takes all keys
  // Node maps only.
  std::string item_kind;
  std::vector<std::string> item_roles;

  bool required() const { return (flags & LATHE_OPTION_FLAG_REQUIRED) != 0; }
  bool nullable() const { return (flags & LATHE_OPTION_FLAG_NULLABLE) != 0; }
  bool tunable() const { return (flags & LATHE_OPTION_FLAG_TUNABLE) != 0; }
  bool logarithmic() const { return (flags & LATHE_OPTION_FLAG_LOG) != 0; }
  bool beside() const { return (flags & LATHE_OPTION_FLAG_BESIDE) != 0; }
};

struct OptionTable {
  std::string owner;  // "pass 'quantize'": how messages name it
  std::vector<Option> options;
  const Option* find(std::string_view key) const;
};

// Checks one value; returns it normalised (an integer for a float option becomes a float, "NA" in a
// nullable option becomes none, for numbers "none" and "None" too, a relative path is joined to the
// folder of its file). Throws usage_error with position, key, what is allowed.
Value check_value(const Option& option, const Value& value, std::string_view owner);

// A value from the command line, for an option of that type: texts and paths stand as they are, and
// so does one text of a list. Not yet checked.
Value parse_option_text(const Option& option, std::string_view text, const std::string& origin);

// What the option takes, as messages and help say it: "an integer in 1..64", "one of adam, sgd".
std::string allowed_text(const Option& option);

// Checks a map against a table and fills in defaults, in the table's order. Unknown keys are errors
// with the nearest known key.
// A node map option (config/node_map.hpp) takes `by`, `default` and every other key that holds a
// table: MASE writes them beside the pass's own options. They end up, unchecked, in one map under
// the option's key, eg: {by, linear, bias} -> {nodes: {by, linear}, bias}; writing them under that
// key is fine too, so checking twice changes nothing.
Value check_options(const OptionTable& table, const Value& given);

// The inverse of that nesting: checked options as a user writes them, node map keys at the top.
Value written_options(const OptionTable& table, const Value& checked);

}  // namespace lathe
