// How samplers that draw one number per parameter key it. Knows no sampler.
#pragma once

#include <cstdint>

namespace search_strategies {

// The counter that the answer to an ask draws at: another one for each attempt at a trial.
inline std::uint64_t draw_counter(std::uint64_t trial, std::uint64_t attempt) {
  return attempt << 48 | trial;
}

}  // namespace search_strategies
