#include "core/cli/pages/markdown.hpp"

#include "core/cli/option_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lathe::markdown {

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

std::string code(std::string_view text) {
  return text.empty() ? "" : fmt::format("`{}`", cell(text));
}

std::string row(const Cells& cells) { return fmt::format("| {} |\n", fmt::join(cells, " | ")); }

std::string heads(const Cells& cells) {
  std::string text = row(cells) + "|";
  for (std::size_t i = 0; i < cells.size(); ++i) text += "---|";
  return text + "\n";
}

std::string options_text(const std::vector<Option>& options) {
  if (options.empty()) return "It takes no options.\n";
  std::string text = heads({"option", "type", "default", "allowed", "unit", "meaning"});
  for (const Option& option : options)
    text += row({code(option.key), std::string(type_name(option.type)), code(default_text(option)),
                 code(range_or_choices(option)), option.unit, cell(meaning(option))});
  return text;
}

}  // namespace lathe::markdown
