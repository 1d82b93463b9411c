#include "csv_rows.hpp"

#include "numbers.hpp"

#include <lathe/lathe.hpp>

#include <algorithm>
#include <cstring>

namespace datasets {

namespace {

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t") == std::string_view::npos;
}

bool is_comment(std::string_view line) { return !line.empty() && line.front() == '#'; }

constexpr char kDelimiters[] = {',', ';', '\t', '|'};
constexpr std::size_t kSniffedLines = 10;

// How often each delimiter stands outside of quotes.
struct delimiter_counts {
  std::size_t of[std::size(kDelimiters)] = {};
};

}  // namespace

csv_rows::csv_rows(std::string_view text, char delimiter, std::string path)
    : rest_(text), delimiter_(delimiter), path_(std::move(path)) {
  if (rest_.find('\n') == std::string_view::npos) newline_ = '\r';
  take_delimiter_line();
  if (delimiter_ == 0) delimiter_ = delimiter_of_first_lines();
}

bool csv_rows::next(std::vector<std::string_view>& cells) {
  if (!began_) return first_row(cells);
  if (!waiting_.empty()) {
    cells = std::move(waiting_);
    waiting_.clear();
    line_ = waiting_line_;
    return true;
  }
  return next_row(cells);
}

bool csv_rows::first_row(std::vector<std::string_view>& cells) {
  began_ = true;
  if (!next_row(cells)) return false;
  width_ = cells.size();
  if (comment_.empty() || width_ < 2) return true;
  std::vector<std::string_view> words;
  split(comment_, words);
  bool names = words.size() == width_;
  bool numbers = false;
  double ignored = 0;
  for (std::size_t i = 0; names && i < width_; ++i) {
    names = !parse_number(words[i], ignored);
    numbers = numbers || parse_number(cells[i], ignored);
  }
  if (!names || !numbers) return true;
  comment_was_header_ = true;
  waiting_ = std::move(cells);
  waiting_line_ = line_;
  cells = std::move(words);
  line_ = comment_line_;
  return true;
}

void csv_rows::warn_of_comments(std::vector<std::string>& warnings) const {
  if (doubtful_comment_ == 0) return;
  warnings.push_back(lathe::join(
      {"'", path_, "': line ", lathe::to_string(static_cast<std::int64_t>(doubtful_comment_)),
       " begins with '#' and is passed over as a comment, and has as many cells as a "
       "row; if it is one, quote its first cell"}));
}

std::string_view csv_rows::take_line() {
  const auto* end = static_cast<const char*>(std::memchr(rest_.data(), newline_, rest_.size()));
  const std::size_t size =
      end == nullptr ? rest_.size() : static_cast<std::size_t>(end - rest_.data());
  std::string_view line = rest_.substr(0, size);
  rest_.remove_prefix(end == nullptr ? size : size + 1);
  ++next_line_;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

bool csv_rows::next_row(std::vector<std::string_view>& cells) {
  cells.clear();
  unescaped_.clear();
  while (!rest_.empty()) {
    line_ = next_line_;
    const std::string_view before = rest_;
    const std::string_view line = take_line();
    if (is_blank(line)) continue;
    if (is_comment(line)) {
      if (width_ == 0) {
        comment_ = line.substr(1);
        comment_line_ = line_;
      } else if (doubtful_comment_ == 0) {
        split(line, cells);
        if (cells.size() == width_) doubtful_comment_ = line_;
        cells.clear();
      }
      continue;
    }
    if (line.find('"') != std::string_view::npos) {
      rest_ = before;
      next_line_ = line_;
      read_quoted(cells);
    } else {
      split(line, cells);
    }
    return true;
  }
  return false;
}

void csv_rows::split(std::string_view line, std::vector<std::string_view>& cells) const {
  if (delimiter_ == ' ') return split_at_blanks(line, cells);
  const char* begin = line.data();
  const char* const end = begin + line.size();
  for (const char* at = begin; at != end; ++at) {
    if (*at != delimiter_) continue;
    cells.emplace_back(begin, static_cast<std::size_t>(at - begin));
    begin = at + 1;
  }
  cells.emplace_back(begin, static_cast<std::size_t>(end - begin));
}

void csv_rows::split_at_blanks(std::string_view line, std::vector<std::string_view>& cells) const {
  for (;;) {
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) return;
    line.remove_prefix(first);
    const std::size_t size = std::min(line.find_first_of(" \t"), line.size());
    cells.push_back(line.substr(0, size));
    line.remove_prefix(size);
  }
}

void csv_rows::read_quoted(std::vector<std::string_view>& cells) {
  const auto skip_blanks = [this] {
    while (delimiter_ == ' ' && !rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  };
  for (skip_blanks();; skip_blanks()) {
    const bool ends = rest_.empty() || rest_.front() == newline_ || rest_.front() == '\r';
    if (delimiter_ == ' ' && ends) {
      take_line();
      return;
    }
    if (!rest_.empty() && rest_.front() == '"') {
      cells.push_back(quoted_cell());
    } else {
      const std::size_t size = std::min(rest_.find(delimiter_), rest_.find(newline_));
      std::string_view cell = rest_.substr(0, size);
      rest_.remove_prefix(cell.size());
      if (!cell.empty() && cell.back() == '\r') cell.remove_suffix(1);
      cells.push_back(cell);
    }
    if (!rest_.empty() && rest_.front() == '\r' && newline_ == '\n') rest_.remove_prefix(1);
    if (rest_.empty()) return;
    const char after = rest_.front();
    if (after != delimiter_ && after != newline_) {
      throw lathe::data_loss("there is text after a closing quote").at_file(path_, next_line_);
    }
    rest_.remove_prefix(1);
    if (after == newline_) {
      ++next_line_;
      return;
    }
  }
}

std::string_view csv_rows::quoted_cell() {
  std::string& cell = unescaped_.emplace_back();
  rest_.remove_prefix(1);
  for (;;) {
    const std::size_t quote = rest_.find('"');
    if (quote == std::string_view::npos) {
      throw lathe::data_loss("a quote that opens in this row is never closed")
          .at_file(path_, line_);
    }
    for (const char c : rest_.substr(0, quote)) next_line_ += c == newline_;
    cell.append(rest_.data(), quote);
    rest_.remove_prefix(quote + 1);
    if (rest_.empty() || rest_.front() != '"') return cell;
    cell += '"';
    rest_.remove_prefix(1);
  }
}

// "sep=;", which Excel writes and reads: how the cells of the other lines are separated.
void csv_rows::take_delimiter_line() {
  std::string_view line = rest_.substr(0, rest_.find(newline_));
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.size() >= 2 && line.front() == '"' && line.back() == '"') {
    line = line.substr(1, line.size() - 2);
  }
  if (line.size() != 5 || (line.substr(0, 4) != "sep=" && line.substr(0, 4) != "SEP=")) return;
  if (delimiter_ == 0) delimiter_ = line[4];
  take_line();
}

// What stands equally often in each of the first lines is the delimiter; there a comma gives way,
// since it may be one of decimals or of lists. Else what the first line has most of.
char csv_rows::delimiter_of_first_lines() const {
  std::vector<delimiter_counts> lines;
  delimiter_counts line;
  bool quoted = false, comment = false, begins = true, blank = true;
  for (const char c : rest_) {
    if (c == newline_ && !quoted) {
      if (!comment && !blank) lines.push_back(line);
      if (lines.size() == kSniffedLines) break;
      line = {};
      begins = blank = true;
      continue;
    }
    if (begins) comment = c == '#';
    begins = false;
    blank = blank && (c == ' ' || c == '\t' || c == '\r');
    if (c == '"' && !comment) quoted = !quoted;
    for (std::size_t i = 0; i < std::size(kDelimiters); ++i) {
      line.of[i] += c == kDelimiters[i] && !quoted;
    }
  }
  if (lines.size() < kSniffedLines && !comment && !blank && !quoted) lines.push_back(line);
  if (lines.empty()) return ',';
  const auto agreed = [&](std::size_t i) {
    return lines.size() > 1 && lines[0].of[i] > 0 &&
           std::all_of(lines.begin(), lines.end(), [&](const delimiter_counts& other) {
             return other.of[i] == lines[0].of[i];
           });
  };
  std::size_t best = 0;
  for (std::size_t i = 1; i < std::size(kDelimiters); ++i) {
    const bool better = agreed(i) && (best == 0 || lines[0].of[i] > lines[0].of[best]);
    if (better) best = i;
  }
  if (best != 0 || agreed(0)) return kDelimiters[best];
  for (std::size_t i = 1; i < std::size(kDelimiters); ++i) {
    if (lines[0].of[i] > lines[0].of[best]) best = i;
  }
  return kDelimiters[best];
}

}  // namespace datasets
