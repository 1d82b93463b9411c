// What a word is by TOML's rules for numbers.
#include "core/options/text/word.hpp"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <limits>

namespace lathe {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// TOML's underscores between digits.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      result += text[i];
    } else if (i == 0 || i + 1 == text.size() ||
               !std::isxdigit(static_cast<unsigned char>(text[i - 1])) ||
               !std::isxdigit(static_cast<unsigned char>(text[i + 1]))) {
      return std::nullopt;
    }
  }
  return result;
}

bool starts_like_number(std::string_view text) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  return !text.empty() && is_digit(text[0]);
}

// Digits, perhaps a fraction, perhaps an exponent; no leading zeros: TOML's decimal numbers.
bool is_decimal(std::string_view text, bool& is_float) {
  std::size_t i = text[0] == '+' || text[0] == '-' ? 1 : 0;
  const std::size_t first = i;
  const auto digits = [&] {
    const std::size_t from = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i - from;
  };
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[first] == '0')) return false;
  is_float = false;
  if (i < text.size() && text[i] == '.') {
    is_float = true;
    ++i;
    if (digits() == 0) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    is_float = true;
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

}  // namespace

bool is_key_char(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; }

bool is_word_char(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != 0x7f &&
         std::string_view(",<>[]{}=\"'").find(c) == std::string_view::npos;
}

Value word_value(std::string_view word) {
  if (word == "true") return Value(true);
  if (word == "false") return Value(false);
  if (word == "NA") return Value();
  std::string_view unsigned_word = word;
  if (word[0] == '+' || word[0] == '-') unsigned_word.remove_prefix(1);
  if (unsigned_word == "inf") {
    const double inf = std::numeric_limits<double>::infinity();
    return Value(word[0] == '-' ? -inf : inf);
  }
  if (unsigned_word == "nan") return Value(std::numeric_limits<double>::quiet_NaN());
  if (!starts_like_number(word)) return Value(word);
  const auto plain = without_underscores(word);
  if (!plain) return Value(word);
  const char* begin = plain->data() + ((*plain)[0] == '+' ? 1 : 0);
  const char* end = plain->data() + plain->size();
  bool is_float = false;
  if (is_decimal(*plain, is_float)) {
    if (is_float) {
      double x = 0;
      if (std::from_chars(begin, end, x).ec != std::errc{}) {
        throw usage_error(fmt::format("'{}' does not fit a number of 64 bits", word));
      }
      return Value(x);
    }
    std::int64_t i = 0;
    if (std::from_chars(begin, end, i).ec != std::errc{}) {
      throw usage_error(fmt::format("'{}' does not fit an integer of 64 bits", word));
    }
    return Value(i);
  }
  if (plain->size() > 2 && (*plain)[0] == '0') {
    const char kind = (*plain)[1];
    const int base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
    std::int64_t i = 0;
    if (base != 0) {
      const auto [stop, error] = std::from_chars(begin + 2, end, i, base);
      if (error == std::errc{} && stop == end && begin[2] != '-') return Value(i);
    }
  }
  return Value(word);
}

}  // namespace lathe
