#include "numbers.hpp"

#include "../text_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace datasets {

bool parse_number(std::string_view text, double& value) {
  text = trimmed(text);
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return false;
  }
  const char* const end = text.data() + text.size();
  // Short whole numbers are frequent and need no general parser.
  if (!text.empty() && text.size() <= 9) {
    std::int64_t whole = 0;
    const char* at = text.data();
    for (; at != end && *at >= '0' && *at <= '9'; ++at) whole = 10 * whole + (*at - '0');
    if (at == end) {
      value = static_cast<double>(whole);
      return true;
    }
  }
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec == std::errc::result_out_of_range && result.ptr == end) {
    // Too large for a double, or too small: the sign of the exponent tells which.
    value = text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos
                ? 0.0
                : std::numeric_limits<double>::infinity();
    return true;
  }
  return result.ec == std::errc() && result.ptr == end;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  constexpr char kDigits[] = "0123456789abcdef";
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = std::max<std::size_t>(utf8_length(text, at), 1);
    if (at + length > kLongest) {
      shown += "...";
      break;
    }
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool control =
        byte < 0x20 || byte == 0x7f || (byte == 0xc2 && length == 2 && (text[at + 1] & 0x20) == 0);
    if (byte == '\n' || byte == '\r' || byte == '\t') {
      shown += lathe::join({"\\", byte == '\n' ? "n" : byte == '\r' ? "r" : "t"});
    } else if (control || utf8_length(text, at) == 0) {
      for (std::size_t i = at; i < at + length; ++i) {
        const auto code = static_cast<unsigned char>(text[i]);
        shown += "\\x";
        shown += kDigits[code >> 4];
        shown += kDigits[code & 15];
      }
    } else {
      shown.append(text.data() + at, length);
    }
    at += length;
  }
  return lathe::join({"'", shown, "'"});
}

bool parse_truth(std::string_view text, double& value) {
  const std::string_view word = trimmed(text);
  const bool holds = word == "True" || word == "TRUE" || word == "true";
  value = holds ? 1.0 : 0.0;
  return holds || word == "False" || word == "FALSE" || word == "false";
}

bool is_missing(std::string_view cell) {
  const std::string_view text = trimmed(cell);
  for (const std::string_view word : {"", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "-nan",
                                      "NULL", "null", "None", "none", "?", "-", "."}) {
    if (text == word) return true;
  }
  return false;
}

namespace {

// True if the text is a number but for separators of thousands or a decimal comma: "1,234.5",
// "1.234,5", "0,5".
bool has_separators(std::string_view text) {
  const std::size_t comma = text.rfind(','), point = text.rfind('.');
  if (comma == std::string_view::npos) return false;
  const bool decimal_comma = point == std::string_view::npos || comma > point;
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == comma && decimal_comma) {
      plain += '.';
    } else if (text[i] != (decimal_comma ? '.' : ',')) {
      plain += text[i];
    }
  }
  double ignored = 0;
  return parse_number(plain, ignored);
}

}  // namespace

std::string column_text(std::size_t column, std::string_view name) {
  const std::string number = lathe::to_string(static_cast<std::int64_t>(column) + 1);
  if (name.empty()) return lathe::join({"column ", number});
  return lathe::join({"column ", number, " (", quoted(name), ")"});
}

float number_of(std::string_view cell, const std::string& path, std::uint64_t line,
                std::size_t column, std::string_view name, std::string_view way_out) {
  double value = 0;
  const auto fail = [&](std::string_view why) {
    return lathe::data_loss(lathe::join({column_text(column, name), ": ", quoted(cell), why}))
        .at_file(path, line);
  };
  const bool number = parse_number(cell, value) || parse_truth(cell, value);
  if (!number || std::isnan(value)) {
    if (trimmed(cell).empty()) {
      throw fail(" is an empty cell; leave the row out, or put a number there");
    }
    if (number || is_missing(cell)) {
      throw fail(
          " stands for a missing value and is not a number; leave the row out, or put one there");
    }
    throw fail(
        has_separators(trimmed(cell))
            ? std::string(" is not a number; decimals have a point, and thousands no separator")
            : lathe::join({" is not a number", way_out}));
  }
  const auto single = static_cast<float>(value);
  if (!std::isfinite(single)) throw fail(" is no finite float32 number");
  return single;
}

}  // namespace datasets
