#include "sobol.hpp"

namespace search_strategies {
namespace {

constexpr std::uint16_t kJoeKuo[] = {
#include "joe_kuo.inc"
};

using Directions = std::vector<std::uint64_t>;

// m_i as a binary fraction: its i bits behind the point.
std::uint64_t fraction(std::uint64_t m, std::size_t i) { return m << (Sobol::kBits - i); }

Directions first_dimension() {
  Directions directions;
  for (std::size_t i = 1; i <= Sobol::kBits; ++i) directions.push_back(fraction(1, i));
  return directions;
}

// From a row of the table: the first s are given, the rest follows by the polynomial's recurrence
// (P. Bratley and B. L. Fox, "Algorithm 659", 1988).
Directions directions_of(const std::uint16_t* row) {
  const std::size_t degree = row[0];
  const unsigned inner = row[1];
  Directions directions;
  for (std::size_t i = 1; i <= degree; ++i) directions.push_back(fraction(row[1 + i], i));
  for (std::size_t i = degree; i < Sobol::kBits; ++i) {
    std::uint64_t next = directions[i - degree] ^ directions[i - degree] >> degree;
    for (std::size_t k = 1; k < degree; ++k)
      if ((inner >> (degree - 1 - k) & 1) != 0) next ^= directions[i - k];
    directions.push_back(next);
  }
  return directions;
}

std::uint64_t parity(std::uint64_t bits) {
  for (unsigned shift = 32; shift > 0; shift /= 2) bits ^= bits >> shift;
  return bits & 1;
}

}  // namespace

Sobol::Sobol(std::size_t dimensions) {
  const std::uint16_t* row = kJoeKuo;
  for (std::size_t d = 0; d < dimensions; ++d) {
    directions_.push_back(d == 0 ? first_dimension() : directions_of(row));
    if (d > 0) row += 2 + row[0];
  }
}

std::uint64_t Sobol::bits(std::uint64_t index, std::size_t dimension) const {
  std::uint64_t coordinate = 0;
  std::uint64_t gray = index ^ index >> 1;
  for (std::size_t i = 0; gray != 0; gray >>= 1, ++i)
    if ((gray & 1) != 0) coordinate ^= directions_[dimension][i];
  return coordinate;
}

void Sobol::scramble(const Uniform& drawn) {
  for (std::size_t d = 0; d < directions_.size(); ++d) {
    // Row r of the matrix: the bits above bit r that flip it, and itself.
    std::uint64_t rows[kBits];
    for (unsigned r = 0; r < kBits; ++r) {
      const std::uint64_t own = std::uint64_t{1} << (kBits - 1 - r);
      const auto all =
          static_cast<std::uint64_t>(drawn(d, r) * static_cast<double>(std::uint64_t{1} << kBits));
      rows[r] = (all & ~(2 * own - 1)) | own;
    }
    for (std::uint64_t& direction : directions_[d]) {
      std::uint64_t flipped = 0;
      for (const std::uint64_t row : rows) flipped = flipped << 1 | parity(row & direction);
      direction = flipped;
    }
  }
}

}  // namespace search_strategies
