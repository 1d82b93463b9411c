// Checks values against option tables and says what is wrong in one sentence, at its place.
// Knows nothing about who owns a table.
#include "core/options/option.hpp"

#include "core/base/file.hpp"
#include "core/base/words/suggest.hpp"
#include "core/options/text/component_text.hpp"
#include "core/options/words_elsewhere.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

namespace lathe {
namespace {

std::optional<double> bound(std::string_view text, std::string_view whole) {
  if (text.empty()) return std::nullopt;
  double x = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), x);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw usage_error(fmt::format("'{}' is no range; write eg: 1..64, 0.., 0<..1", whole));
  }
  return x;
}

// "NA"; where no text can be meant, MASE's words for it too.
bool says_none(const Option& option, const Value& value) {
  if (!value.is_string()) return value.is_none();
  const bool takes_numbers = option.type == LATHE_OPTION_INT || option.type == LATHE_OPTION_FLOAT;
  const std::string& word = value.as_string();
  return word == "NA" || (takes_numbers && (word == "none" || word == "None"));
}

Error wrong_value(const Option& option, const Value& value, std::string_view owner) {
  std::string message =
      fmt::format("option '{}' of {} takes {}; got ", option.key, owner, allowed_text(option));
  message += value.is_none() ? "NA" : fmt::format("{} {}", value.kind_name(), value.text());
  if (option.type == LATHE_OPTION_CHOICE && value.is_string()) {
    if (const auto near = lathe::nearest(value.as_string(), option.choices)) {
      message += fmt::format("; did you mean '{}'?", *near);
    }
  }
  const bool textual = option.type == LATHE_OPTION_STRING || option.type == LATHE_OPTION_PATH;
  if (textual && (value.is_number() || value.is_bool())) {
    message += fmt::format("; as a text, write \"{}\"", value.text());
  }
  return usage_error(message, value.position());
}

bool in_range(const Option& option, double x) {
  if (x == 0 && !option.not_zero.empty()) return false;
  return !option.range || option.range->contains(x);
}

std::string home_path(const std::string& text, const Position& position) {
  try {
    return in_home(text);
  } catch (const Error& error) {
    throw error.at(position);
  }
}

// A path in a config file means a place beside that file; "~/..." one in the user's home folder.
std::string resolved_path(const std::string& given, const Position& position) {
  namespace fs = std::filesystem;
  const std::string text = home_path(given, position);
  const fs::path path(text);
  const fs::path file(position.file);
  std::error_code ignored;
  if (path.is_absolute() || text.empty() || file.extension() != ".toml" ||
      !fs::is_regular_file(file, ignored)) {
    return text;
  }
  return (file.parent_path() / path).lexically_normal().string();
}

// What a table says, against the table's own options; errors name the key within it.
Value checked_table(const Option& option, const Value& value, std::string_view owner) {
  if (option.items.empty()) return value;
  return check_options({fmt::format("option '{}' of {}", option.key, owner), option.items}, value);
}

std::optional<Value> checked_tables(const Option& option, const Value& value,
                                    std::string_view owner) {
  if (!value.is_list()) return std::nullopt;
  Value::List out;
  for (const Value& item : value.as_list()) {
    if (!item.is_map()) return std::nullopt;
    out.push_back(checked_table(option, item, owner));
  }
  return Value(std::move(out)).at(value.position());
}

// One number or text stands for a list of one.
Value as_list(const Value& value) {
  const bool is_one = value.is_number() || value.is_string();
  return is_one ? Value(Value::List{value}).at(value.position()) : value;
}

std::optional<Value> checked_numbers(const Option& option, const Value& value) {
  if (!value.is_list()) return std::nullopt;
  Value::List out;
  for (const Value& item : value.as_list()) {
    if (!item.is_number() || !in_range(option, item.as_float())) return std::nullopt;
    out.push_back(Value(item.as_float()).at(item.position()));
  }
  return Value(std::move(out)).at(value.position());
}

std::optional<Value> checked_list(const Option& option, const Value& value) {
  if (!value.is_list()) return std::nullopt;
  for (const Value& item : value.as_list()) {
    if (option.type == LATHE_OPTION_INT_LIST) {
      if (!item.is_int() || !in_range(option, static_cast<double>(item.as_int()))) {
        return std::nullopt;
      }
      continue;
    }
    if (!item.is_string()) return std::nullopt;
    if (!option.choices.empty() &&
        std::ranges::find(option.choices, item.as_string()) == option.choices.end()) {
      return std::nullopt;
    }
  }
  return value;
}

// The normalised value, or nothing if it is not what the option takes.
std::optional<Value> accepted(const Option& option, const Value& value, std::string_view owner) {
  switch (option.type) {
    case LATHE_OPTION_BOOL:
      if (value.is_bool()) return value;
      break;
    case LATHE_OPTION_INT:
      if (value.is_int() && in_range(option, static_cast<double>(value.as_int()))) return value;
      break;
    case LATHE_OPTION_FLOAT:
      if (value.is_number() && in_range(option, value.as_float())) {
        return Value(value.as_float()).at(value.position());
      }
      break;
    case LATHE_OPTION_STRING:
      if (value.is_string()) return value;
      break;
    case LATHE_OPTION_CHOICE: {
      // A choice may look like a number or a boolean: trainer_precision = 32.
      const bool scalar = value.is_string() || value.is_number() || value.is_bool();
      const std::string text = value.is_string() ? value.as_string() : value.text();
      for (const std::string& choice : option.choices) {
        if (scalar && choice == text) return Value(text).at(value.position());
      }
      break;
    }
    case LATHE_OPTION_PATH:
      if (value.is_string()) {
        return Value(resolved_path(value.as_string(), value.position())).at(value.position());
      }
      break;
    case LATHE_OPTION_INT_LIST:
    case LATHE_OPTION_STRING_LIST:
      return checked_list(option, as_list(value));
    case LATHE_OPTION_FLOAT_LIST:
      return checked_numbers(option, as_list(value));
    case LATHE_OPTION_TABLE:
      if (value.is_map()) return checked_table(option, value, owner);
      break;
    case LATHE_OPTION_TABLE_LIST:
      return checked_tables(option, value, owner);
    case LATHE_OPTION_NODE_MAP:
      if (value.is_map()) return value;
      break;
    default:
      return value;
  }
  return std::nullopt;
}

const Option* node_map_of(const OptionTable& table) {
  for (const Option& option : table.options) {
    if (option.type == LATHE_OPTION_NODE_MAP) return &option;
  }
  return nullptr;
}

// Whether a key that is no option can be a selector of the node map.
bool may_select(std::string_view key, const Value& value) {
  return key == "by" || key == "default" || value.is_map();
}

Error unknown_option(const OptionTable& table, const std::string& key, const Value& given) {
  std::vector<std::string> known;
  bool node_map = false;
  for (const Option& option : table.options) {
    if (option.type == LATHE_OPTION_NODE_MAP) {
      node_map = true;
    } else {
      known.push_back(option.key);
    }
  }
  if (node_map) known.insert(known.end(), {"by", "default"});
  std::string message = fmt::format("unknown option '{}' of {}", key, table.owner);
  message += known.empty() ? "; it has none" : option_suggestion(key, known);
  if (node_map && !given.is_map()) {
    message += fmt::format("; what selects nodes takes a table, eg: {}.name = {}", key,
                           given.is_string() ? given.as_string() : "NA");
  }
  return usage_error(message, given.position());
}

}  // namespace

bool Range::contains(double x) const {
  if (std::isnan(x)) return false;
  if (low && (low_open ? x <= *low : x < *low)) return false;
  return !high || !(high_open ? x >= *high : x > *high);
}

std::string Range::text() const {
  return fmt::format("{}{}..{}{}", low ? fmt::format("{}", *low) : "", low_open ? "<" : "",
                     high_open ? "<" : "", high ? fmt::format("{}", *high) : "");
}

Range parse_range(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    throw usage_error(fmt::format("'{}' is no range; write eg: 1..64, 0.., 0<..1", text));
  }
  std::string_view low = text.substr(0, dots), high = text.substr(dots + 2);
  Range range;
  range.low_open = !low.empty() && low.back() == '<';
  if (range.low_open) low.remove_suffix(1);
  range.high_open = !high.empty() && high.front() == '<';
  if (range.high_open) high.remove_prefix(1);
  range.low = bound(low, text);
  range.high = bound(high, text);
  if (range.low && range.high && *range.low > *range.high) {
    throw usage_error(fmt::format("the range '{}' is empty", text));
  }
  return range;
}

const Option* OptionTable::find(std::string_view key) const {
  for (const Option& option : options) {
    if (option.key == key) return &option;
  }
  return nullptr;
}

std::string allowed_text(const Option& option) {
  std::string within = option.range ? " in " + option.range->text() : "";
  if (!option.not_zero.empty()) within += fmt::format(" but 0, {}", option.not_zero);
  std::string text;
  switch (option.type) {
    case LATHE_OPTION_BOOL:
      text = "true or false";
      break;
    case LATHE_OPTION_INT:
      text = "an integer" + within;
      break;
    case LATHE_OPTION_FLOAT:
      text = "a number" + within;
      break;
    case LATHE_OPTION_STRING:
      text = "a text";
      break;
    case LATHE_OPTION_CHOICE:
      text = fmt::format("one of {}", fmt::join(option.choices, ", "));
      break;
    case LATHE_OPTION_PATH:
      text = "a path";
      break;
    case LATHE_OPTION_INT_LIST:
      text = "a list of integers" + within;
      break;
    case LATHE_OPTION_STRING_LIST:
      text = option.choices.empty() ? std::string("a list of texts")
                                    : fmt::format("a list of {}", fmt::join(option.choices, ", "));
      break;
    case LATHE_OPTION_FLOAT_LIST:
      text = "a list of numbers" + within;
      break;
    case LATHE_OPTION_TABLE:
      text = "a table";
      break;
    case LATHE_OPTION_TABLE_LIST:
      text = "a list of tables";
      break;
    case LATHE_OPTION_NODE_MAP:
      text = "a table of selectors";
      break;
    default:
      text = "any value";
  }
  return option.nullable() ? text + " or NA" : text;
}

Value check_value(const Option& option, const Value& value, std::string_view owner) {
  if (option.nullable() && says_none(option, value)) {
    return Value().at(value.position());
  }
  if (!value.is_none() || option.type == LATHE_OPTION_ANY) {
    if (auto normal = accepted(option, value, owner)) return *std::move(normal);
  }
  throw wrong_value(option, value, owner);
}

Value parse_option_text(const Option& option, std::string_view text, const std::string& origin) {
  switch (option.type) {
    case LATHE_OPTION_STRING:
    case LATHE_OPTION_CHOICE:
    case LATHE_OPTION_PATH:
    case LATHE_OPTION_STRING_LIST:
      return Value(text).at(Position{origin, 1, 1});
    default:
      return parse_value(text, origin);
  }
}

Value check_options(const OptionTable& table, const Value& given) {
  if (!given.is_none() && !given.is_map()) {
    throw usage_error(fmt::format("{} takes a table of options; got {} {}", table.owner,
                                  given.kind_name(), given.text()),
                      given.position());
  }
  static const Value::Map nothing;
  const Value::Map& entries = given.is_map() ? given.as_map() : nothing;
  const Option* node_map = node_map_of(table);
  Value selectors{Value::Map{}};
  selectors.at(given.position());
  for (const auto& [key, value] : entries) {
    const Option* option = table.find(key);
    if (option == nullptr && node_map != nullptr && may_select(key, value)) {
      selectors.set(key, value);
    } else if (option != nullptr && option == node_map) {
      const Value nested = check_value(*option, value, table.owner);
      for (const auto& [selector, entry] : nested.as_map()) selectors.set(selector, entry);
    } else if (option == nullptr) {
      throw unknown_option(table, key, value);
    }
  }
  Value result{Value::Map{}};
  result.at(given.position());
  for (const Option& option : table.options) {
    if (&option == node_map) {
      if (option.required() && selectors.as_map().empty()) {
        throw usage_error(
            fmt::format("{} needs selectors: write eg: by=type,linear.name=...", table.owner),
            given.position());
      }
      result.set(option.key, selectors);
    } else if (const Value* value = given.is_map() ? given.find(option.key) : nullptr) {
      result.set(option.key, check_value(option, *value, table.owner));
    } else if (option.required()) {
      throw usage_error(fmt::format("{} needs the option '{}' ({})", table.owner, option.key,
                                    allowed_text(option)),
                        given.position());
    } else if (option.default_value) {
      result.set(option.key, check_value(option, *option.default_value, table.owner));
    } else if (option.nullable()) {
      result.set(option.key, Value());
    }
  }
  return result;
}

Value written_options(const OptionTable& table, const Value& checked) {
  const Option* node_map = node_map_of(table);
  Value result{Value::Map{}};
  for (const auto& [key, value] : checked.as_map()) {
    if (node_map == nullptr || key != node_map->key) {
      result.set(key, value);
      continue;
    }
    for (const auto& [selector, entry] : value.as_map()) result.set(selector, entry);
  }
  return result;
}

}  // namespace lathe
