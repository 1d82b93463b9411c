#include "csv_rows.hpp"

#include <lathe/lathe.hpp>

#include <algorithm>
#include <cstring>

namespace datasets {

namespace {

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t") == std::string_view::npos;
}

}  // namespace

csv_rows::csv_rows(std::string_view text, char delimiter, std::string path)
    : rest_(text), delimiter_(delimiter), path_(std::move(path)) {
  if (rest_.substr(0, 3) == "\xef\xbb\xbf") rest_.remove_prefix(3);
  if (rest_.substr(0, 2) == "\xff\xfe" || rest_.substr(0, 2) == "\xfe\xff") {
    throw lathe::data_loss("this text is UTF-16; save it as UTF-8").at_file(path_);
  }
  if (rest_.find('\n') == std::string_view::npos) newline_ = '\r';
  if (delimiter_ == 0) delimiter_ = commonest_delimiter();
}

bool csv_rows::next(std::vector<std::string_view>& cells) {
  cells.clear();
  unescaped_.clear();
  while (!rest_.empty()) {
    line_ = next_line_;
    const char* end = static_cast<const char*>(std::memchr(rest_.data(), newline_, rest_.size()));
    std::size_t size = end == nullptr ? rest_.size() : static_cast<std::size_t>(end - rest_.data());
    const std::string_view whole = rest_.substr(0, size);
    if (std::memchr(whole.data(), '"', whole.size()) != nullptr) {
      read_quoted(cells);
      return true;
    }
    rest_.remove_prefix(end == nullptr ? size : size + 1);
    ++next_line_;
    std::string_view line = whole;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (is_blank(line)) continue;
    split(line, cells);
    return true;
  }
  return false;
}

void csv_rows::split(std::string_view line, std::vector<std::string_view>& cells) const {
  const char* begin = line.data();
  const char* const end = begin + line.size();
  for (const char* at = begin; at != end; ++at) {
    if (*at != delimiter_) continue;
    cells.emplace_back(begin, static_cast<std::size_t>(at - begin));
    begin = at + 1;
  }
  cells.emplace_back(begin, static_cast<std::size_t>(end - begin));
}

void csv_rows::read_quoted(std::vector<std::string_view>& cells) {
  for (;;) {
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

char csv_rows::commonest_delimiter() const {
  const std::string_view line = rest_.substr(0, rest_.find(newline_));
  char best = ',';
  std::size_t most = 0;
  for (const char candidate : {',', ';', '\t', '|'}) {
    std::size_t count = 0;
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') quoted = !quoted;
      count += c == candidate && !quoted;
    }
    if (count > most) {
      most = count;
      best = candidate;
    }
  }
  return best;
}

}  // namespace datasets
