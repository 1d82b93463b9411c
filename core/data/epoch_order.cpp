#include "core/data/epoch_order.hpp"

#include "core/tensor/random.hpp"

#include <numeric>
#include <string>

namespace lathe {

std::vector<std::uint64_t> epoch_order(std::uint64_t rows, bool shuffle, std::uint64_t seed,
                                       std::int64_t epoch) {
  if (shuffle) return permutation(seed, stream_of("epoch " + std::to_string(epoch)), rows);
  std::vector<std::uint64_t> order(rows);
  std::iota(order.begin(), order.end(), std::uint64_t{0});
  return order;
}

}  // namespace lathe
