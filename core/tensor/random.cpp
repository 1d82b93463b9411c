#include "core/tensor/random.hpp"

#include <Random123/philox.h>
#include <xxhash.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace lathe {

namespace {

using Block = std::array<std::uint32_t, 4>;

std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }

Block block(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter) {
  return philox({low(counter), high(counter), low(stream), high(stream)}, {low(seed), high(seed)});
}

// Word pair 0 or 1 of a block, as 64 bits.
std::uint64_t word_pair(const Block& b, std::uint64_t which) {
  return std::uint64_t{b[2 * which]} << 32 | b[2 * which + 1];
}

double unit(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

__extension__ using Wide = unsigned __int128;

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key) {
  const auto out = r123::Philox4x32_R<10>()({{counter[0], counter[1], counter[2], counter[3]}},
                                            {{key[0], key[1]}});
  return {out[0], out[1], out[2], out[3]};
}

std::uint64_t stream_of(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

// Elements 2k and 2k+1 share block k.
void uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter,
             std::span<double> out) {
  for (std::size_t i = 0; i < out.size();) {
    const std::uint64_t element = counter + i;
    const Block b = block(seed, stream, element / 2);
    for (std::uint64_t half = element % 2; half < 2 && i < out.size(); ++half, ++i) {
      out[i] = unit(word_pair(b, half));
    }
  }
}

void normal(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter,
            std::span<double> out) {
  for (std::size_t i = 0; i < out.size();) {
    const std::uint64_t element = counter + i;
    const Block b = block(seed, stream, element / 2);
    // 1 - u lies in (0, 1], where the logarithm is finite.
    const double radius = std::sqrt(-2.0 * std::log(1.0 - unit(word_pair(b, 0))));
    const double angle = 2.0 * std::numbers::pi * unit(word_pair(b, 1));
    for (std::uint64_t half = element % 2; half < 2 && i < out.size(); ++half, ++i) {
      out[i] = radius * (half == 0 ? std::cos(angle) : std::sin(angle));
    }
  }
}

std::vector<std::uint64_t> permutation(std::uint64_t seed, std::uint64_t stream, std::uint64_t n) {
  std::vector<std::uint64_t> order(n);
  std::iota(order.begin(), order.end(), std::uint64_t{0});
  for (std::uint64_t i = n; i-- > 1;) {
    // The high half of a 64-bit number times a bound: its bias, bound / 2^64, cannot be seen.
    const std::uint64_t random = word_pair(block(seed, stream, i), 0);
    const auto j = static_cast<std::uint64_t>(Wide{random} * (i + 1) >> 64);
    std::swap(order[i], order[j]);
  }
  return order;
}

}  // namespace lathe
