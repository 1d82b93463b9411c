// A drawn permutation of the numbers below a size, without state: a Feistel network over the next
// power of four, walked along its cycle until the result is in range (Black and Rogaway, "Ciphers
// with arbitrary finite domains", 2002).
#pragma once

#include "natural.hpp"

#include <functional>

namespace search_strategies {

class Permutation {
 public:
  // Philox: (stream, counter) -> [0, 1).
  using Uniform = std::function<double(std::uint64_t stream, std::uint64_t counter)>;

  Permutation(Natural size, Uniform uniform);

  // REQUIRES: index < size.
  Natural at(Natural index) const;
  // Where a number stands: the inverse of at().
  Natural place_of(Natural number) const;

 private:
  Natural encrypted(const Natural& block) const;
  Natural decrypted(const Natural& block) const;
  // `half_` bits drawn for a round and half a block.
  Natural mixed(std::uint64_t round, const Natural& half) const;

  Natural size_;
  Uniform uniform_;
  std::size_t half_;  // bits
};

}  // namespace search_strategies
