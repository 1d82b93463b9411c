#include "core/cli/report/curves.hpp"

#include "core/base/file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <vector>

namespace lathe {
namespace {

// The cells of the line at the start of `text`, as RFC 4180 has them, and their number of bytes.
std::vector<std::string> cells_of(std::string_view text, std::size_t& taken) {
  std::vector<std::string> cells{""};
  bool quoted = false;
  for (taken = 0; taken < text.size(); ++taken) {
    const char c = text[taken];
    if (quoted && c == '"' && text.substr(taken + 1, 1) == "\"")
      cells.back() += text[++taken];
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && c == ',')
      cells.emplace_back();
    else if (!quoted && c == '\n')
      break;
    else if (quoted || c != '\r')
      cells.back() += c;
  }
  return cells;
}

Value value_of_cell(const std::string& cell) {
  if (cell.empty()) return {};
  double number = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  return error == std::errc{} && end == cell.data() + cell.size() ? Value(number) : Value(cell);
}

}  // namespace

Value csv_part(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return {};
  std::ifstream in(file, std::ios::binary);
  if (!in) throw read_failure(file, errno);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  std::string_view text(whole);
  text = text.substr(0, text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n') + 1);
  Value::List columns, rows;
  std::size_t taken = 0;
  for (int line = 1; !text.empty(); ++line, text.remove_prefix(std::min(taken + 1, text.size()))) {
    const std::vector<std::string> cells = cells_of(text, taken);
    if (line == 1) {
      columns.assign(cells.begin(), cells.end());
      continue;
    }
    if (cells.size() != columns.size())
      throw run_error(LATHE_DATA_LOSS,
                      fmt::format("it is damaged: {} cells in a row of a table with {} columns",
                                  cells.size(), columns.size()),
                      {file.string(), line, 1});
    Value::List row;
    for (const std::string& cell : cells) row.push_back(value_of_cell(cell));
    rows.emplace_back(std::move(row));
  }
  Value part{Value::Map{}};
  part.set("columns", std::move(columns));
  part.set("rows", std::move(rows));
  return part;
}

}  // namespace lathe
