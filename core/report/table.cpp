// Aligns cells; widths are counted in code points, so that a name outside ASCII keeps the columns
// straight.
#include "core/report/table.hpp"

#include "core/base/words/short_lists.hpp"
#include "core/base/words/shown.hpp"
#include "core/report/width.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace lathe {

namespace {

bool is_number(std::string_view cell) {
  if (cell.empty() || cell == "-") return true;
  if (cell.back() == '%') cell.remove_suffix(1);
  double ignored = 0;
  auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), ignored);
  return error == std::errc{} && end == cell.data() + cell.size();
}

// A cell is one line, whatever file its text comes from.
TextTable shown_cells(TextTable table) {
  const auto show = [](std::vector<std::string>& cells) {
    for (std::string& cell : cells) cell = shown(cell);
  };
  show(table.columns);
  for (auto& row : table.rows) show(row);
  return table;
}

struct Layout {
  std::vector<std::size_t> widths;
  std::vector<bool> to_the_right;
};

Layout layout_of(const TextTable& table) {
  Layout layout;
  for (std::size_t column = 0; column < table.columns.size(); ++column) {
    std::size_t width = width_of(table.columns[column]);
    bool numbers = !table.rows.empty();
    for (const auto& row : table.rows) {
      width = std::max(width, width_of(row[column]));
      numbers = numbers && is_number(row[column]);
    }
    layout.widths.push_back(width);
    layout.to_the_right.push_back(numbers);
  }
  return layout;
}

std::string padded(const std::string& cell, std::size_t width, bool to_the_right) {
  std::string space(width - width_of(cell), ' ');
  return to_the_right ? space + cell : cell + space;
}

std::string row_text(const std::vector<std::string>& cells, const Layout& layout) {
  std::string line;
  for (std::size_t column = 0; column < cells.size(); ++column) {
    if (column > 0) line += "  ";
    line += padded(cells[column], layout.widths[column], layout.to_the_right[column]);
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line + "\n";
}

std::string rule_text(const Layout& layout) {
  std::string line;
  for (std::size_t column = 0; column < layout.widths.size(); ++column)
    line += (column > 0 ? "  " : "") + std::string(layout.widths[column], '-');
  return line + "\n";
}

// Of its lines; two blanks stand between cells.
std::size_t line_width(const Layout& layout) {
  std::size_t width = 0;
  for (const std::size_t column : layout.widths) width += column + 2;
  return layout.widths.empty() ? 0 : width - 2;
}

// Where to cut a text that is longer than `room` code points: behind the last blank that fits.
std::size_t cut_of(std::string_view text, std::size_t room) {
  std::size_t at = 0, letters = 0, blank = 0;
  for (; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U && letters++ == room) break;
    if (text[at] == ' ') blank = at + 1;
  }
  return at == text.size() || blank == 0 ? at : blank;
}

// In lines of at most `columns`, all but the first behind `margin` blanks.
std::string folded(std::string_view text, std::size_t margin, std::size_t columns) {
  constexpr std::size_t kLeastRoom = 8;
  const std::size_t room = std::max(kLeastRoom, columns - std::min(columns, margin));
  std::string lines;
  for (;;) {
    const std::size_t end = cut_of(text, room);
    lines += text.substr(0, end > 0 && text[end - 1] == ' ' ? end - 1 : end);
    text.remove_prefix(end);
    if (text.empty()) return lines;
    lines += "\n" + std::string(margin, ' ');
  }
}

std::string cell_by_cell(const TextTable& table, std::size_t columns) {
  std::size_t widest = 0;
  for (const std::string& column : table.columns) widest = std::max(widest, width_of(column));
  std::string text;
  for (const auto& row : table.rows) {
    if (!text.empty()) text += '\n';
    for (std::size_t column = 0; column < row.size(); ++column)
      if (!row[column].empty())
        text += padded(table.columns[column], widest, false) + "  " +
                folded(row[column], widest + 2, columns) + "\n";
  }
  return text;
}

// The rows with the last cell cut into lines of `room`, which stand below each other.
TextTable with_last_cut(const TextTable& table, std::size_t room) {
  TextTable cut{table.columns, {}};
  for (std::vector<std::string> row : table.rows) {
    const std::string whole = row.back();
    for (std::string_view rest = whole;;) {
      const std::size_t end = cut_of(rest, room);
      row.back() = rest.substr(0, end > 0 && rest[end - 1] == ' ' ? end - 1 : end);
      cut.rows.push_back(row);
      rest.remove_prefix(end);
      if (rest.empty()) break;
      row.assign(row.size(), "");
    }
  }
  return cut;
}

}  // namespace

std::size_t width_of(const TextTable& table) { return line_width(layout_of(shown_cells(table))); }

std::string render(const TextTable& raw, std::size_t columns) {
  // What is left of a line for the last cell of a row, at least.
  constexpr std::size_t kLeastRoom = 16;
  TextTable table = shown_cells(raw);
  Layout layout = layout_of(table);
  if (columns != 0 && line_width(layout) > columns) {
    const std::size_t before = line_width(layout) - layout.widths.back();
    if (before + kLeastRoom > columns) return cell_by_cell(table, columns);
    table = with_last_cut(table, columns - before);
    const bool numbers = layout.to_the_right.back();
    layout = layout_of(table);
    layout.to_the_right.back() = numbers;
  }
  std::string text = row_text(table.columns, layout) + rule_text(layout);
  for (const auto& row : table.rows) text += row_text(row, layout);
  return text;
}

std::string number_text(double number, int digits) {
  if (std::isnan(number)) return "nan";  // whatever its sign
  constexpr double kWholeBelow = 1e15;   // exact in a double
  if (std::isfinite(number) && std::abs(number) < kWholeBelow && number == std::trunc(number))
    return fmt::format("{}", static_cast<std::int64_t>(number));
  return fmt::format("{:.{}g}", number, digits);
}

std::string cell_text(const Value& value) {
  if (value.is_none()) return "-";
  if (value.is_float()) return number_text(value.as_float());
  if (value.is_string()) return value.as_string();
  if (!value.is_list() || !std::ranges::all_of(value.as_list(), &Value::is_number))
    return value.text();
  std::string text;
  for (const Value& element : value.as_list())
    text += fmt::format("{}{}", text.empty() ? "" : ", ", cell_text(element));
  return "[" + text + "]";
}

TextTable text_table(const ReportTable& table) {
  TextTable text{table.columns, {}};
  for (const auto& row : table.rows) {
    std::vector<std::string> cells;
    for (const Value& cell : row) {
      cells.push_back(cell.is_string() ? with_short_lists(cell_text(cell)) : cell_text(cell));
    }
    text.rows.push_back(std::move(cells));
  }
  return text;
}

}  // namespace lathe
