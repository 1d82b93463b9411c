// Finds keys in a TOML text by looking backwards from values and forwards from headers.
// Knows nothing about values or the parser.
#include "core/options/text/toml_source.hpp"

#include "core/base/words/shown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace lathe {
namespace {

constexpr int kDeepest = 100;

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_quote(char c) { return c == '"' || c == '\''; }
bool is_bare(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) || c == '_' || c == '-' || byte >= 0x80;
}

// The end of the string that starts at `at`, one past its closing quote.
std::size_t string_end(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const std::string triple(3, quote);
  const bool multiline = text.substr(at, 3) == triple;
  std::size_t i = at + (multiline ? 3 : 1);
  while (i < text.size()) {
    if (quote == '"' && text[i] == '\\') {
      i += 2;
    } else if (multiline ? text.substr(i, 3) == triple : text[i] == quote) {
      return i + (multiline ? 3 : 1);
    } else if (!multiline && text[i] == '\n') {
      return i;  // the parser will say that it is not closed
    } else {
      ++i;
    }
  }
  return text.size();
}

}  // namespace

TomlSource::TomlSource(std::string_view text, std::string name)
    : text_(text), name_(std::move(name)), lines_{0} {
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') lines_.push_back(i + 1);
  }
}

void TomlSource::check() const {
  check_characters();
  check_depth();
}

void TomlSource::check_characters() const {
  for (std::size_t i = 0; i < text_.size();) {
    const std::size_t length = utf8_length(text_.substr(i));
    if (length == 0 || text_[i] == '\0') {
      throw usage_error(
          text_[i] == '\0' ? "this is no TOML: a zero byte" : "this is no TOML: not UTF-8",
          position(i));
    }
    i += length;
  }
}

void TomlSource::check_depth() const {
  int brackets = 0, dots = 0;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    const char c = text_[i];
    if (is_quote(c)) {
      i = string_end(text_, i) - 1;
    } else if (c == '#') {
      i = std::min(text_.find('\n', i), text_.size()) - 1;
    } else if (c == '[' || c == '{') {
      ++brackets;
      dots = 0;
    } else if (c == ']' || c == '}') {
      brackets = std::max(0, brackets - 1);
    } else if (c == ',' || c == '=' || c == '\n') {
      dots = 0;
    } else if (c == '.') {
      ++dots;
    }
    if (brackets > kDeepest || dots > kDeepest) {
      throw usage_error(fmt::format("tables or lists are nested more than {} deep", kDeepest),
                        position(i));
    }
  }
}

std::size_t TomlSource::offset(int line, int column) const {
  if (line < 1 || static_cast<std::size_t>(line) > lines_.size()) return text_.size();
  const std::size_t start = lines_[static_cast<std::size_t>(line) - 1];
  return std::min(start + static_cast<std::size_t>(std::max(column, 1) - 1), text_.size());
}

Position TomlSource::position(std::size_t offset) const {
  const auto next = std::upper_bound(lines_.begin(), lines_.end(), offset);
  const auto line = next - lines_.begin();
  return Position{name_, static_cast<int>(line),
                  static_cast<int>(offset - lines_[static_cast<std::size_t>(line) - 1]) + 1};
}

std::vector<std::size_t> TomlSource::keys_before(std::size_t value) const {
  std::size_t i = value;  // everything in front of i is still to be read
  const auto skip_blanks = [&] {
    while (i > 0 && is_blank(text_[i - 1])) --i;
  };
  std::vector<std::size_t> starts;
  skip_blanks();
  if (i == 0 || text_[i - 1] != '=') return starts;
  --i;
  while (true) {
    skip_blanks();
    if (i > 0 && is_quote(text_[i - 1])) {
      const char quote = text_[--i];
      const auto escaped = [&](std::size_t at) {
        std::size_t slashes = 0;
        while (at > slashes && text_[at - slashes - 1] == '\\') ++slashes;
        return quote == '"' && slashes % 2 == 1;
      };
      while (i > 0 && (text_[i - 1] != quote || escaped(i - 1))) --i;
      if (i > 0) --i;
    } else {
      while (i > 0 && is_bare(text_[i - 1])) --i;
    }
    starts.insert(starts.begin(), i);
    skip_blanks();
    if (i == 0 || text_[i - 1] != '.') return starts;
    --i;
  }
}

std::vector<std::size_t> TomlSource::keys_from(std::size_t key) const {
  std::size_t i = key;
  const auto skip_blanks = [&] {
    while (i < text_.size() && is_blank(text_[i])) ++i;
  };
  while (i < text_.size() && text_[i] == '[') ++i;
  std::vector<std::size_t> starts;
  while (true) {
    skip_blanks();
    starts.push_back(i);
    if (i < text_.size() && is_quote(text_[i])) {
      i = string_end(text_, i);
    } else {
      while (i < text_.size() && is_bare(text_[i])) ++i;
    }
    skip_blanks();
    if (i >= text_.size() || text_[i] != '.') return starts;
    ++i;
  }
}

std::string_view TomlSource::token(std::size_t offset) const {
  std::size_t end = offset;
  while (end < text_.size() && (is_bare(text_[end]) || text_[end] == '.' || text_[end] == '+')) {
    ++end;
  }
  return text_.substr(offset, end - offset);
}

}  // namespace lathe
