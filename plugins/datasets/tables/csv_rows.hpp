// Comma-separated text, cell by cell (RFC 4180): quotes, CRLF, a missing last newline, a byte order
// mark, any delimiter. Knows nothing about numbers or classes.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace datasets {

class csv_rows {
 public:
  // `delimiter` 0: the one of , ; tab | that the first line has most of. `path` is for messages.
  csv_rows(std::string_view text, char delimiter, std::string path);

  // Reads the next row that is not blank. The cells are valid until the next call.
  bool next(std::vector<std::string_view>& cells);

  // The line on which the row just read begins, from 1.
  std::uint64_t line() const { return line_; }
  const std::string& path() const { return path_; }

 private:
  void split(std::string_view line, std::vector<std::string_view>& cells) const;

  // A row with quotes may span lines.
  void read_quoted(std::vector<std::string_view>& cells);
  std::string_view quoted_cell();
  char commonest_delimiter() const;

  std::string_view rest_;
  char delimiter_;
  char newline_ = '\n';
  std::string path_;
  std::uint64_t line_ = 0;
  std::uint64_t next_line_ = 1;
  std::deque<std::string> unescaped_;  // cells that had quotes
};

}  // namespace datasets
