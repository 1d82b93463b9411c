#include "numbers.hpp"

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
  if (text.size() <= kLongest) return lathe::join({"'", text, "'"});
  return lathe::join({"'", text.substr(0, kLongest), "...'"});
}

std::string column_text(std::size_t column, std::string_view name) {
  const std::string number = lathe::to_string(static_cast<std::int64_t>(column) + 1);
  if (name.empty()) return lathe::join({"column ", number});
  return lathe::join({"column ", number, " (", quoted(name), ")"});
}

float number_of(std::string_view cell, const std::string& path, std::uint64_t line,
                std::size_t column, std::string_view name) {
  double value = 0;
  const auto fail = [&](const char* why) {
    return lathe::data_loss(lathe::join({column_text(column, name), ": ", quoted(cell), why}))
        .at_file(path, line);
  };
  if (!parse_number(cell, value)) {
    throw fail(trimmed(cell).empty() ? " is an empty cell" : " is not a number");
  }
  const auto single = static_cast<float>(value);
  if (!std::isfinite(single)) throw fail(" is no finite float32 number");
  return single;
}

}  // namespace datasets
