// How many choices trials share with a point, counted for a vector of trials at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace search_strategies {

constexpr std::size_t kLanes = 64;

// counts[i] = how many d of 0..width-1 have columns[d][begin + i] == point[d], for kLanes trials.
void count_matches(const std::uint8_t* const* columns, const std::uint8_t* point, std::size_t width,
                   std::size_t begin, std::uint16_t* counts);

}  // namespace search_strategies
