#include "core/options/command_option.hpp"

#include "core/base/error.hpp"

#include <fmt/format.h>

namespace lathe {

OptionRow::OptionRow(OptionGroup group, std::string_view key, lathe_option_type type,
                     std::string doc) {
  row_.group = group;
  row_.option.key = key;
  row_.option.type = type;
  row_.option.doc = std::move(doc);
  row_.option.flags = LATHE_OPTION_FLAG_NULLABLE;
  if (type == LATHE_OPTION_STRING_LIST) row_.spelling = Spelling::repeated;
  if (type != LATHE_OPTION_BOOL) return;
  row_.spelling = Spelling::flag;
  standard(false);
}

OptionRow& OptionRow::spelt(std::vector<std::string> flags, std::string metavar) {
  row_.flags = std::move(flags);
  if (row_.spelling == Spelling::flag && !metavar.empty()) row_.spelling = Spelling::value;
  row_.metavar = std::move(metavar);
  return *this;
}

OptionRow& OptionRow::standard(Value value) {
  row_.option.default_value = std::move(value);
  row_.option.flags = 0;
  return *this;
}

OptionRow& OptionRow::but_zero(std::string why) {
  row_.option.not_zero = std::move(why);
  return *this;
}

OptionRow& OptionRow::within(std::string_view range) {
  row_.option.range = parse_range(range);
  return *this;
}

OptionRow& OptionRow::one_of(std::vector<std::string> choices) {
  if (row_.option.type != LATHE_OPTION_STRING_LIST) row_.option.type = LATHE_OPTION_CHOICE;
  row_.option.choices = std::move(choices);
  return *this;
}

OptionRow& OptionRow::path() {
  if (row_.spelling == Spelling::repeated) {
    row_.paths = true;
  } else {
    row_.option.type = LATHE_OPTION_PATH;
  }
  return *this;
}

OptionRow& OptionRow::in(std::string unit) {
  row_.option.unit = std::move(unit);
  return *this;
}

OptionRow& OptionRow::or_empty() {
  row_.may_be_empty = true;
  return *this;
}

OptionRow& OptionRow::command_line_only() {
  row_.in_file = false;
  return *this;
}

namespace {

// An empty text names no file, no folder and no network; scripts make it of variables that are not
// set.
void refuse_empty(const CommandOption& row, const Value& value, std::string_view owner) {
  if (row.group == OptionGroup::without_effect || row.may_be_empty || !value.is_string() ||
      !value.as_string().empty())
    return;
  throw usage_error(
      fmt::format("option '{}' of {} is empty; give {} or leave it out", row.option.key, owner,
                  row.metavar.empty() ? "it a value" : row.metavar),
      value.position());
}

}  // namespace

Value check_value(const CommandOption& row, const Value& given, std::string_view owner) {
  refuse_empty(row, given, owner);
  if (row.spelling == Spelling::repeated && given.is_list())
    for (const Value& item : given.as_list()) refuse_empty(row, item, owner);
  Value value = given;
  if (row.spelling == Spelling::repeated && given.is_string()) {
    value = Value(Value::List{given}).at(given.position());
  }
  value = check_value(row.option, value, owner);
  if (!row.paths || !value.is_list()) return value;
  Option path;
  path.key = row.option.key;
  path.type = LATHE_OPTION_PATH;
  for (Value& item : value.as_list()) item = check_value(path, item, owner);
  return value;
}

}  // namespace lathe
