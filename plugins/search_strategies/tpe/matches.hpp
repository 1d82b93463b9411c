// How many choices trials share with a point, counted for a vector of trials at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace search_strategies {

constexpr std::size_t kLanes = 64;

// Trials whose counts are not worth looking at are left out: of kLanes of them a byte is not 0
// where the count is at least `least`.
struct Matches {
  std::uint16_t counts[kLanes];
  std::uint8_t enough[kLanes];
};

// counts[i] = how many d of 0..width-1 have columns[d][begin + i] == point[d].
void count_matches(const std::uint8_t* const* columns, const std::uint8_t* point, std::size_t width,
                   std::size_t begin, std::size_t least, Matches& matches);

}  // namespace search_strategies
