#include "core/cli/option_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace lathe {

namespace {

bool is_list(const Option& option) {
  return option.type == LATHE_OPTION_INT_LIST || option.type == LATHE_OPTION_FLOAT_LIST ||
         option.type == LATHE_OPTION_STRING_LIST;
}

// As the option was declared: a bar within a choice stands behind a backslash.
std::string choices_text(const std::vector<std::string>& choices) {
  std::string text;
  for (const std::string& choice : choices) {
    if (!text.empty()) text += '|';
    for (const char c : choice) {
      if (c == '|' || c == '\\') text += '\\';
      text += c;
    }
  }
  return text;
}

}  // namespace

std::string_view type_name(lathe_option_type type) {
  constexpr std::array<std::string_view, LATHE_OPTION_TABLE_LIST + 1> kNames{
      "any",      "bool",        "int", "float",    "string",     "choice", "path",
      "int list", "string list", "any", "node map", "float list", "table",  "list of tables"};
  const auto index = static_cast<std::size_t>(type);
  return index < kNames.size() ? kNames[index] : kNames[0];
}

std::string default_text(const Option& option) {
  if (option.required()) return "(required)";
  return option.default_value ? option.default_value->text() : "";
}

bool takes_tables(const Option& option) {
  return option.type == LATHE_OPTION_TABLE || option.type == LATHE_OPTION_TABLE_LIST;
}

std::string range_or_choices(const Option& option) {
  std::string text;
  if (option.range) text = option.range->text();
  if (!option.choices.empty()) text = choices_text(option.choices);
  if (!text.empty() && is_list(option)) text = "each " + text;
  if (takes_tables(option) && option.items.empty()) text = "any keys";
  if (option.nullable()) text += text.empty() ? "or NA" : " or NA";
  return text;
}

std::string meaning(const Option& option) {
  std::vector<std::string_view> notes;
  if (option.tunable()) notes.emplace_back("tunable");
  if (option.logarithmic()) notes.emplace_back("logarithmic");
  if (option.beside()) notes.emplace_back("needs no name beside it");
  if ((option.flags & LATHE_OPTION_FLAG_DEPRECATED) != 0) notes.emplace_back("deprecated");
  return notes.empty() ? option.doc : fmt::format("{} ({})", option.doc, fmt::join(notes, ", "));
}

}  // namespace lathe
