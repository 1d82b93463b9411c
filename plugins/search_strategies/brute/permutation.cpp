#include "permutation.hpp"

#include <algorithm>

namespace search_strategies {
namespace {

constexpr std::uint64_t kRounds = 6;

std::uint64_t drawn_bits(double uniform, unsigned count) {
  return static_cast<std::uint64_t>(uniform * static_cast<double>(std::uint64_t{1} << count));
}

std::size_t half_of(Natural size) {
  if (Natural(0) < size) size -= 1;
  return std::max<std::size_t>(1, (size.bits() + 1) / 2);
}

}  // namespace

Permutation::Permutation(Natural size, Uniform uniform)
    : size_(std::move(size)), uniform_(std::move(uniform)), half_(half_of(size_)) {}

Natural Permutation::at(Natural index) const {
  do {
    index = encrypted(index);
  } while (!(index < size_));
  return index;
}

Natural Permutation::place_of(Natural number) const {
  do {
    number = decrypted(number);
  } while (!(number < size_));
  return number;
}

Natural Permutation::encrypted(const Natural& block) const {
  Natural left = block.above(half_), right = block.below(half_);
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    left = left ^ mixed(round, right);
    std::swap(left, right);
  }
  return left.shifted(half_) ^ right;
}

Natural Permutation::decrypted(const Natural& block) const {
  Natural left = block.above(half_), right = block.below(half_);
  for (std::uint64_t round = kRounds; round-- > 0;) {
    std::swap(left, right);
    left = left ^ mixed(round, right);
  }
  return left.shifted(half_) ^ right;
}

Natural Permutation::mixed(std::uint64_t round, const Natural& half) const {
  // The digits, one after the other, choose a counter; the result's digits are drawn from there on.
  std::uint64_t counter = 0;
  for (const std::uint32_t digit : half.digits())
    counter = drawn_bits(uniform_(2 * round, counter ^ digit), 53);
  std::vector<std::uint32_t> digits((half_ + 31) / 32);
  for (std::uint32_t& digit : digits)
    digit = static_cast<std::uint32_t>(drawn_bits(uniform_(2 * round + 1, counter++), 32));
  return Natural::of(std::move(digits)).below(half_);
}

}  // namespace search_strategies
