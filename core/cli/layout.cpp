#include "core/cli/layout.hpp"

#include "core/base/words/shown.hpp"
#include "core/report/terminal.hpp"

#include <unistd.h>

#include <algorithm>

namespace lathe {

namespace {

constexpr std::size_t kNoTerminal = 100, kWidest = 100, kNarrowest = 16;
constexpr std::size_t kNarrow = 60;  // below that names and texts take turns

}  // namespace

std::size_t terminal_width() {
  // Standard error, because the host has moved standard output aside, and it may be a pipe to a
  // pager.
  const std::size_t columns = terminal_columns(STDERR_FILENO);
  return columns == 0 ? kNoTerminal : std::clamp(columns, kNarrowest, kWidest);
}

std::string wrapped(std::string_view words, std::size_t margin, std::size_t width) {
  const std::string line = shown(words);
  std::string_view text = line;
  std::string out;
  std::size_t column = margin;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    if (column > margin && column + 1 + word.size() > width) {
      out += "\n" + std::string(margin, ' ');
      column = margin;
    } else if (column > margin) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return out + "\n";
}

std::string paragraphs(std::string_view markdown, std::size_t width) {
  std::string out, paragraph;
  const auto end_paragraph = [&] {
    if (paragraph.empty()) return;
    const bool in_list = paragraph.starts_with("- ") || paragraph.starts_with("* ");
    out += wrapped(paragraph, in_list ? 2 : 0, width);
    paragraph.clear();
  };
  while (!markdown.empty()) {
    const std::size_t end = std::min(markdown.find('\n'), markdown.size());
    const std::string_view line = markdown.substr(0, end);
    markdown.remove_prefix(std::min(end + 1, markdown.size()));
    const bool stands_alone = line.starts_with("|") || line.starts_with("    ");
    if (line.empty() || stands_alone || line.starts_with("- ") || line.starts_with("* "))
      end_paragraph();
    if (line.empty() && !out.empty() && !out.ends_with("\n\n")) out += "\n";
    if (stands_alone)
      out += shown(line) + "\n";
    else if (!line.empty())
      paragraph += (paragraph.empty() ? "" : " ") + std::string(line);
  }
  end_paragraph();
  return out;
}

std::string entry(std::string_view name, std::string_view text, std::size_t column,
                  std::size_t width) {
  const bool narrow = width < kNarrow;
  const std::size_t margin = narrow ? 6 : column;
  std::string line = "  " + shown(name);
  if (narrow || line.size() + 2 > column)
    line += "\n" + std::string(margin, ' ');
  else
    line.resize(column, ' ');
  return line + wrapped(text, margin, width);
}

}  // namespace lathe
