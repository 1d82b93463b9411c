#include "core/report/csv.hpp"

namespace lathe {

namespace {

std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string text = "\"";
  for (char c : cell) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + "\"";
}

void append_line(std::string& text, const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) text += ',';
    text += quoted(cells[i]);
  }
  text += '\n';
}

}  // namespace

std::string csv_text(const TextTable& table) {
  std::string text;
  append_line(text, table.columns);
  for (const auto& row : table.rows) append_line(text, row);
  return text;
}

}  // namespace lathe
