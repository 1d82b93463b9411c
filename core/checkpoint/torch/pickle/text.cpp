#include "core/checkpoint/torch/pickle/text.hpp"

#include <algorithm>
#include <bit>
#include <charconv>

namespace lathe::pickle {

namespace {

std::string_view without_return(std::string_view text) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::optional<std::uint32_t> hex_of(std::string_view digits, std::size_t count) {
  if (digits.size() < count) return {};
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + count, value, 16);
  if (error != std::errc() || end != digits.data() + count) return {};
  return value;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0 | (point >> 6));
  } else {
    if (point < 0x10000) {
      put(0xe0 | (point >> 12));
    } else {
      put(0xf0 | (point >> 18));
      put(0x80 | ((point >> 12) & 0x3f));
    }
    put(0x80 | ((point >> 6) & 0x3f));
  }
  put(0x80 | (point & 0x3f));
}

}  // namespace

std::optional<Decimal> decimal_of(std::string_view text) {
  text = without_return(text);
  if (text.ends_with('L')) text.remove_suffix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  Decimal out;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.value);
  if (text.empty() || end != text.data() + text.size() || error == std::errc::invalid_argument)
    return {};
  out.huge = error == std::errc::result_out_of_range;
  return out;
}

std::optional<double> real_of(std::string_view text) {
  text = without_return(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end != text.data() + text.size() || error == std::errc::invalid_argument)
    return {};
  return value;
}

double from_big_endian(std::uint64_t bytes) {
  return std::bit_cast<double>(__builtin_bswap64(bytes));
}

std::optional<std::string> unquoted(std::string_view text) {
  text = without_return(text);
  if (text.size() < 2 || (text.front() != '\'' && text.front() != '"') ||
      text.back() != text.front())
    return {};
  text = text.substr(1, text.size() - 2);
  constexpr std::string_view kLetters = "abfnrtv\\'\"", kMeant = "\a\b\f\n\r\t\v\\'\"";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) return {};
    if (const auto letter = kLetters.find(text[i]); letter != std::string_view::npos) {
      out += kMeant[letter];
    } else if (text[i] == 'x') {
      const auto byte = hex_of(text.substr(i + 1), 2);
      if (!byte) return {};
      out += static_cast<char>(*byte);
      i += 2;
    } else {
      out += '\\';
      out += text[i];
    }
  }
  return out;
}

std::optional<std::string> from_unicode_escapes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped =
        text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'u' || text[i + 1] == 'U');
    if (!escaped) {
      append_utf8(out, static_cast<unsigned char>(text[i]));
      continue;
    }
    const std::size_t digits = text[i + 1] == 'u' ? 4 : 8;
    const auto point = hex_of(text.substr(i + 2), digits);
    if (!point || *point > 0x10ffff) return {};
    append_utf8(out, *point);
    i += 1 + digits;
  }
  return out;
}

}  // namespace lathe::pickle
