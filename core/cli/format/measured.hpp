// How far quantized numbers are from what they were.
#pragma once

#include "core/cli/format/representable.hpp"

#include <optional>

namespace lathe {

struct Measured {
  // Of the numbers that are finite and stay so.
  double max_abs = 0, mean_abs = 0, mean_square = 0;
  double snr_db = 0;  // of the mean squares of number and error; infinite without error
  std::size_t nans = 0, infinities = 0;  // in the data
  std::size_t levels_used = 0;
  std::optional<std::size_t> clipped;  // beyond the ends of what there was for them; none: unknown
  std::size_t became_zero = 0;         // and were not
};

// `codes` of the same numbers, or null.
Measured measured(std::span<const float> x, std::span<const float> y,
                  const Representable& representable, const IntegerCodes* codes);

}  // namespace lathe
