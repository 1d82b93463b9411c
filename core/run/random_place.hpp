// Where a call stands in the random stream of the run. Knows nothing about who draws.
#pragma once

#include <cstdint>

namespace lathe::run {

// Used by stochastic formats and by dropout: every element drawn has a counter of its own.
struct RandomPlace {
  std::uint64_t seed = 0;
  std::uint64_t counter = 0;
};

}  // namespace lathe::run
