// Scalars and lists of a table come before its sub-tables, as TOML wants it.
#include "core/report/toml.hpp"

#include "core/base/words/literal.hpp"

#include <fmt/format.h>

namespace lathe {

namespace {

std::string key_text(const std::string& key) { return is_bare_key(key) ? key : quoted(key); }

std::string inline_text(const Value& value) {
  if (value.is_none()) return "\"NA\"";
  if (value.is_string()) return quoted(value.as_string());
  if (value.is_float()) return float_text(value.as_float());
  if (!value.is_list() && !value.is_map()) return value.text();
  std::string text;
  if (value.is_list()) {
    for (const Value& item : value.as_list())
      text += fmt::format("{}{}", text.empty() ? "" : ", ", inline_text(item));
    return fmt::format("[{}]", text);
  }
  for (const auto& [key, entry] : value.as_map())
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", key_text(key), inline_text(entry));
  return fmt::format("{{{}}}", text);
}

void add_table(const Value& table, const std::string& path, std::string& text) {
  bool only_tables = !table.as_map().empty();
  std::string lines;
  for (const auto& [key, value] : table.as_map()) {
    if (value.is_map()) continue;
    only_tables = false;
    lines += fmt::format("{} = {}\n", key_text(key), inline_text(value));
  }
  if (!path.empty() && !only_tables)
    text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", path);
  text += lines;
  for (const auto& [key, value] : table.as_map())
    if (value.is_map())
      add_table(value, path.empty() ? key_text(key) : fmt::format("{}.{}", path, key_text(key)),
                text);
}

}  // namespace

std::string toml_text(const Value& value) {
  std::string text;
  add_table(value, "", text);
  return text;
}

}  // namespace lathe
