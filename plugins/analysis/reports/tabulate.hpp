// Tables of text by the rules of Python's tabulate: its formats "simple" and "grid".
#pragma once

#include "python_text.hpp"

#include <unordered_map>

namespace python {

enum class TableFormat { simple, grid };

// Cells are borrowed, and none begins or ends with white space. In a grid they may have several
// lines; one text in many cells is looked at once.
class Tabulate {
 public:
  // Numbers stand to the right.
  struct Column {
    std::string_view header;
    bool is_number = false;
  };

  explicit Tabulate(std::vector<Column> columns) : columns_(std::move(columns)) {
    for (const Column& column : columns_) {
      headers_.push_back({line_of(column.header)});
      widths_.push_back(headers_.back().text.length + 2);  // a header has two more than its text
    }
  }

  void row(std::initializer_list<std::string_view> cells) {
    for (const std::string_view text : cells) cell(text);
  }

  // Of the row after the last full one.
  void cell(std::string_view text) {
    std::size_t& width = widths_[cells_.size() % columns_.size()];
    const bool has_lines = text.find('\n') != std::string_view::npos;
    if (!has_lines) {
      cells_.push_back({line_of(text)});
      width = std::max(width, cells_.back().text.length);
      return;
    }
    const std::size_t block = block_of(text);
    width = std::max(width, blocks_[block].width);
    cells_.push_back({{}, block + 1});
  }

  // Without a line end behind the last line.
  std::string text(TableFormat format) const {
    return format == TableFormat::grid ? grid() : simple();
  }

 private:
  struct Line {
    std::string_view text;
    std::size_t length = 0;
  };
  struct Cell {
    Line text;
    std::size_t block = 0;  // one more than its place among the blocks; 0: it has one line
  };
  struct Block {
    std::size_t size = 0;  // of its text
    std::size_t width = 0;
    std::vector<Line> lines;
  };

  static Line line_of(std::string_view text) { return {text, length(text)}; }

  std::size_t block_of(std::string_view text) {
    const auto [known, is_new] = block_of_.try_emplace(text.data(), blocks_.size());
    if (!is_new && blocks_[known->second].size == text.size()) return known->second;
    known->second = blocks_.size();
    Block& block = blocks_.emplace_back();
    block.size = text.size();
    for (std::string_view rest = text;;) {
      const std::size_t end = rest.find('\n');
      block.lines.push_back(line_of(rest.substr(0, end)));
      block.width = std::max(block.width, block.lines.back().length);
      if (end == std::string_view::npos) return known->second;
      rest.remove_prefix(end + 1);
    }
  }

  std::size_t height(const Cell& cell) const {
    return cell.block == 0 ? 1 : blocks_[cell.block - 1].lines.size();
  }
  Line line(const Cell& cell, std::size_t i) const {
    if (cell.block == 0) return i == 0 ? cell.text : Line();
    const auto& lines = blocks_[cell.block - 1].lines;
    return i < lines.size() ? lines[i] : Line();
  }

  void pad(std::string& out, const Line& line, std::size_t column) const {
    const std::size_t spaces = widths_[column] - line.length;
    if (columns_[column].is_number) out.append(spaces, ' ');
    out.append(line.text.data(), line.text.size());
    if (!columns_[column].is_number) out.append(spaces, ' ');
  }

  std::string simple() const {
    std::string out;
    const auto add = [&](const std::vector<Cell>& cells) {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::size_t column = i % columns_.size();
        if (column > 0) out += "  ";
        pad(out, cells[i].text, column);
        if (column + 1 < columns_.size()) continue;
        while (!out.empty() && out.back() == ' ') out.pop_back();
        out += '\n';
      }
    };
    add(headers_);
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      if (column > 0) out += "  ";
      out.append(widths_[column], '-');
    }
    out += '\n';
    add(cells_);
    out.pop_back();
    return out;
  }

  std::string rule(char dash) const {
    std::string line = "+";
    for (const std::size_t width : widths_) line += std::string(width + 2, dash) + "+";
    return line + "\n";
  }

  std::string grid() const {
    const std::string thin = rule('-'), thick = rule('=');
    std::string out;
    std::size_t lines = 1 + cells_.size() / columns_.size();  // rules below headers and rows
    for (std::size_t i = 0; i < cells_.size(); i += columns_.size()) lines += row_height(cells_, i);
    out.reserve((lines + 2) * thin.size());
    out += thin;
    add_grid_row(out, headers_, 0);
    out += thick;
    for (std::size_t i = 0; i < cells_.size(); i += columns_.size()) {
      add_grid_row(out, cells_, i);
      out += thin;
    }
    out.pop_back();
    return out;
  }

  // As many lines as the highest cell has.
  std::size_t row_height(const std::vector<Cell>& cells, std::size_t first) const {
    std::size_t lines = 1;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      lines = std::max(lines, height(cells[first + c]));
    }
    return lines;
  }

  void add_grid_row(std::string& out, const std::vector<Cell>& cells, std::size_t first) const {
    const std::size_t lines = row_height(cells, first);
    for (std::size_t i = 0; i < lines; ++i) {
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        out += "| ";
        pad(out, line(cells[first + c], i), c);
        out += ' ';
      }
      out += "|\n";
    }
  }

  std::vector<Column> columns_;
  std::vector<std::size_t> widths_;
  std::vector<Cell> headers_, cells_;  // cells row by row
  std::vector<Block> blocks_;
  std::unordered_map<const char*, std::size_t> block_of_;  // by address
};

}  // namespace python
