// Codes of formats of sign and magnitude: the stored bits, sign first, and a table of what they
// stand for.
#pragma once

#include <lathe/lathe.hpp>

#include <cmath>

namespace formats {

constexpr int kMostTableBits = 16;

// The table of a format of `width` bits; level(code) is the magnitude of a code without its sign,
// that of a code which stands for nothing any value of the format. Throws where it is too wide.
template <class Level>
lathe::integer_codes level_table(int width, Level level) {
  if (width > kMostTableBits) {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       lathe::join({"codes of ", lathe::to_string(std::int64_t{width}),
                                    " bits are not given: 16 bits are the most that a table of "
                                    "their values takes"}));
  }
  lathe::integer_codes out;
  out.width = static_cast<std::uint32_t>(width);
  out.is_signed = false;
  const std::int64_t half = std::int64_t{1} << (width - 1);
  out.levels.resize(static_cast<std::size_t>(2 * half));
  for (std::int64_t code = 0; code < half; ++code) {
    out.levels[static_cast<std::size_t>(code)] = level(code);
    out.levels[static_cast<std::size_t>(code + half)] = -level(code);
  }
  return out;
}

// Codes of values, which are those of the table; code(size) is the code of a magnitude. Throws
// where a value is none of the table: NaN, or what mase_compat leaves as it was.
template <class Code>
void codes_in_table(lathe::span<const float> values, const lathe::integer_codes& table,
                    lathe::span<std::int64_t> codes, Code code) {
  const std::int64_t half = std::int64_t{1} << (table.width - 1);
  for (std::uint64_t i = 0; i < values.size(); ++i) {
    const double size = std::fabs(static_cast<double>(values[i]));
    if (std::isnan(size)) throw lathe::invalid_argument("NaN has no code");
    const std::int64_t of_size = std::isinf(size) ? half : code(size);
    if (of_size < 0 || of_size >= half || table.levels[static_cast<std::size_t>(of_size)] != size) {
      throw lathe::error(LATHE_UNIMPLEMENTED,
                         "with mase_compat a value came out that is none of the format and has no "
                         "code (the original leaves magnitudes up to 1e-8 as they are, and zero "
                         "or infinity in 'log'); codes come without mase_compat");
    }
    codes[i] = of_size + (std::signbit(values[i]) ? half : 0);
  }
}

}  // namespace formats
