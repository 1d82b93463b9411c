// numpy's legacy RandomState, number by number: MT19937 (Matsumoto and Nishimura 1998) seeded by
// init_genrand, rand() and permutation(). Data sets of MASE are defined by these.
#pragma once

#include <cstdint>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace datasets {

class numpy_random {
 public:
  explicit numpy_random(std::uint32_t seed) : words_(seed) {}

  // Uniform on [0, 1), 53 bits from two words.
  double rand() {
    const std::uint32_t high = word() >> 5, low = word() >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
  }

  // permutation(n): Fisher and Yates from the end.
  std::vector<std::uint64_t> permutation(std::uint64_t n) {
    std::vector<std::uint64_t> order(n);
    std::iota(order.begin(), order.end(), std::uint64_t{0});
    for (std::uint64_t i = n; i-- > 1;) std::swap(order[i], order[interval(i)]);
    return order;
  }

 private:
  std::uint32_t word() { return static_cast<std::uint32_t>(words_()); }

  // Uniform on 0..max by rejection under the smallest mask that covers max.
  std::uint64_t interval(std::uint64_t max) {
    std::uint64_t mask = max;
    for (int shift = 1; shift <= 32; shift *= 2) mask |= mask >> shift;
    for (;;) {
      std::uint64_t value = word();
      if (max > UINT32_MAX) value = value << 32 | word();
      value &= mask;
      if (value <= max) return value;
    }
  }

  std::mt19937 words_;  // the standard fixes its numbers and its seeding
};

}  // namespace datasets
