// Tables of text by the rules of Python's tabulate: its formats "simple" and "grid".
#pragma once

#include "python_text.hpp"

namespace python {

enum class TableFormat { simple, grid };

// Cells are borrowed and may have several lines; none begins or ends with white space.
class Tabulate {
 public:
  // Numbers stand to the right.
  struct Column {
    std::string_view header;
    bool is_number = false;
  };

  explicit Tabulate(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void row(std::initializer_list<std::string_view> cells) {
    cells_.insert(cells_.end(), cells.begin(), cells.end());
  }
  void cell(std::string_view text) {
    cells_.push_back(text);
  }  // of the row after the last full one

  // Without a line end behind the last line.
  std::string text(TableFormat format) const {
    return format == TableFormat::grid ? grid() : simple();
  }

 private:
  // Takes the first line off.
  static std::string_view first_line(std::string_view& rest) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return line;
  }

  // A header is never narrower than its text and two more.
  std::vector<std::size_t> widths() const {
    std::vector<std::size_t> out;
    for (const Column& column : columns_) out.push_back(length(column.header) + 2);
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      std::size_t& width = out[i % columns_.size()];
      for (std::string_view rest = cells_[i]; !rest.empty();) {
        width = std::max(width, length(first_line(rest)));
      }
    }
    return out;
  }

  static void pad(std::string& out, std::string_view text, std::size_t width, bool to_the_right) {
    const std::size_t spaces = width - length(text);
    if (to_the_right) out.append(spaces, ' ');
    out.append(text.data(), text.size());
    if (!to_the_right) out.append(spaces, ' ');
  }

  std::string simple() const {
    const std::vector<std::size_t> width = widths();
    std::string out;
    const auto end_line = [&] {
      while (!out.empty() && out.back() == ' ') out.pop_back();
      out += '\n';
    };
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (c > 0) out += "  ";
      pad(out, columns_[c].header, width[c], columns_[c].is_number);
    }
    end_line();
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (c > 0) out += "  ";
      out.append(width[c], '-');
    }
    out += '\n';
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      const std::size_t c = i % columns_.size();
      if (c > 0) out += "  ";
      pad(out, cells_[i], width[c], columns_[c].is_number);
      if (c + 1 == columns_.size()) end_line();
    }
    out.pop_back();
    return out;
  }

  std::string grid() const {
    const std::vector<std::size_t> width = widths();
    const auto rule = [&](char dash) {
      std::string line = "+";
      for (const std::size_t w : width) line += std::string(w + 2, dash) + "+";
      return line;
    };
    const std::string thin = "\n" + rule('-') + "\n";
    std::vector<std::string_view> rest;
    for (const Column& column : columns_) rest.push_back(column.header);
    std::string out = rule('-') + "\n";
    add_grid_row(out, rest, width);
    out += "\n" + rule('=') + "\n";
    for (std::size_t i = 0; i < cells_.size(); i += columns_.size()) {
      rest.assign(cells_.begin() + static_cast<std::ptrdiff_t>(i),
                  cells_.begin() + static_cast<std::ptrdiff_t>(i + columns_.size()));
      add_grid_row(out, rest, width);
      out += thin;
    }
    out.pop_back();
    return out;
  }

  // As many lines as the highest cell has.
  void add_grid_row(std::string& out, std::vector<std::string_view>& rest,
                    const std::vector<std::size_t>& width) const {
    bool more = true;
    for (bool first = true; more; first = false) {
      if (!first) out += '\n';
      more = false;
      out += '|';
      for (std::size_t c = 0; c < rest.size(); ++c) {
        out += ' ';
        pad(out, first_line(rest[c]), width[c], columns_[c].is_number);
        out += " |";
        more = more || !rest[c].empty();
      }
    }
  }

  std::vector<Column> columns_;
  std::vector<std::string_view> cells_;  // row by row
};

}  // namespace python
