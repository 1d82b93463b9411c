// Values that protocols 0 and 1 of pickle write as lines of text (CPython's Lib/pickletools.py).
// Knows nothing about opcodes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lathe::pickle {

struct Decimal {
  std::int64_t value = 0;
  bool huge = false;  // more than 64 bits; its value is not kept
};
// "42", "-7", "119547037146038801333356L". Nothing if it is no whole number.
std::optional<Decimal> decimal_of(std::string_view text);

// "0.5", "1e-05", "inf", "nan". Nothing if it is no number.
std::optional<double> real_of(std::string_view text);

// Eight bytes in the order of networks, read as those of this machine.
double from_big_endian(std::uint64_t bytes);

// What Python 2 prints of a string: 'it\'s \xe9'. Nothing if the quotes are not a pair.
std::optional<std::string> unquoted(std::string_view text);

// UTF-8 of Python's raw-unicode-escape: Latin-1 with \uXXXX and \UXXXXXXXX. Nothing if an escape is
// none.
std::optional<std::string> from_unicode_escapes(std::string_view text);

}  // namespace lathe::pickle
