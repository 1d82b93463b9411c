// Which values a number format has: from its codes where it has any, else by quantizing probes.
// Knows no format.
#pragma once

#include "core/cli/format/placed_format.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lathe {

// Values that are kept at most, and at either end of more than these.
constexpr std::size_t kMostValues = std::size_t{1} << 16, kEnds = 8;

struct Representable {
  // Ascending, +0 and -0 as one. Of more than kMostValues the first and the last kEnds.
  std::vector<float> values;
  double count = 0;      // of all; exact below 2^53
  bool complete = true;  // false: there may be more, probes found these
  // They follow from the whole tensor (a scale, a block's exponent): these are those of one whose
  // magnitudes are all 1.
  bool shared = false;
  std::string how;      // how they were found, as a sentence
  std::string unknown;  // why none could be found; else empty

  double smallest_positive = 0;  // 0: there is none
  double lowest = 0, largest = 0;
  // The codes at either end, or where codes have a table the levels; none: the format has no codes.
  struct Ends {
    double low = 0, high = 0;
  };
  std::optional<Ends> ends;

  // Few enough to be read, and all of them.
  bool lists_all() const { return values.size() <= kMostListed && count <= kMostListed; }

  static constexpr std::size_t kMostListed = 64;
};

Representable representable_values(const PlacedFormat& format);

}  // namespace lathe
