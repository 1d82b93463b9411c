// Comma-separated text, cell by cell (RFC 4180): quotes, CRLF, a missing last newline, any
// delimiter, comments, Excel's line that names the delimiter. Knows nothing about classes.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace datasets {

class csv_rows {
 public:
  // `delimiter` 0: the one that a first line "sep=;" names, else the one of , ; tab | that the
  // first lines agree on. Blanks as a delimiter may be several. `path` is for messages. `text` is
  // UTF-8 without a byte order mark, and outlives this.
  csv_rows(std::string_view text, char delimiter, std::string path);

  // Reads the next row that is neither blank nor a comment, which begins with '#'. Where the last
  // comment before the first row of numbers has words for all of its cells, as numpy.savetxt
  // writes headers, it is a row of its own. The cells are valid until the next call.
  bool next(std::vector<std::string_view>& cells);

  // The line on which the row just read begins, from 1.
  std::uint64_t line() const { return line_; }
  const std::string& path() const { return path_; }
  // True if the first row was the text of a comment.
  bool comment_was_header() const { return comment_was_header_; }
  // If a comment below the first row has as many cells as it, and may be a row: a sentence.
  void warn_of_comments(std::vector<std::string>& warnings) const;

 private:
  // The next line, without its end.
  std::string_view take_line();
  bool next_row(std::vector<std::string_view>& cells);
  bool first_row(std::vector<std::string_view>& cells);
  void split(std::string_view line, std::vector<std::string_view>& cells) const;
  void split_at_blanks(std::string_view line, std::vector<std::string_view>& cells) const;

  // A row with quotes may span lines.
  void read_quoted(std::vector<std::string_view>& cells);
  std::string_view quoted_cell();
  void take_delimiter_line();
  char delimiter_of_first_lines() const;

  std::string_view rest_;
  char delimiter_;
  char newline_ = '\n';
  std::string path_;
  std::uint64_t line_ = 0;
  std::uint64_t next_line_ = 1;
  std::deque<std::string> unescaped_;  // cells that had quotes
  bool began_ = false;
  std::string_view comment_;  // the last one before the first row
  std::uint64_t comment_line_ = 0;
  std::vector<std::string_view> waiting_;  // the first row, below a header in a comment
  std::uint64_t waiting_line_ = 0;
  std::size_t width_ = 0;  // of the first row
  bool comment_was_header_ = false;
  std::uint64_t doubtful_comment_ = 0;  // the line of the first
};

}  // namespace datasets
