// The order in which an epoch sees the rows of a split.
#pragma once

#include <cstdint>
#include <vector>

namespace lathe {

// Order of the rows of an epoch: a permutation keyed by (seed, epoch).
std::vector<std::uint64_t> epoch_order(std::uint64_t rows, bool shuffle, std::uint64_t seed,
                                       std::int64_t epoch);

}  // namespace lathe
