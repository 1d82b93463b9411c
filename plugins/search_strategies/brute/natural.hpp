// Natural numbers of any size: indices into spaces that 64 bits cannot count. Knows no space.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace search_strategies {

class Natural {
 public:
  Natural(std::uint64_t value = 0);

  // Digits to the base 2^32, the lowest first, without leading zeros.
  const std::vector<std::uint32_t>& digits() const { return digits_; }
  std::size_t bits() const;  // 0 for 0
  // The number modulo 2^64.
  std::uint64_t low64() const;

  Natural& operator+=(const Natural& other);
  // REQUIRES: other <= *this.
  Natural& operator-=(const Natural& other);
  // Leaves the quotient and returns the remainder. REQUIRES: divisor > 0.
  Natural divide(const Natural& divisor);
  friend Natural operator*(const Natural& a, const Natural& b);

  // The lowest `count` bits, and what is above them.
  Natural below(std::size_t count) const;
  Natural above(std::size_t count) const;
  Natural shifted(std::size_t count) const;  // times 2^count
  friend Natural operator^(const Natural& a, const Natural& b);

  friend bool operator==(const Natural& a, const Natural& b) { return a.digits_ == b.digits_; }
  friend bool operator!=(const Natural& a, const Natural& b) { return !(a == b); }
  friend bool operator<(const Natural& a, const Natural& b);

  // From such digits; leading zeros may be there.
  static Natural of(std::vector<std::uint32_t> digits);

 private:
  void trim();
  std::uint32_t divide_by_digit(std::uint32_t divisor);

  std::vector<std::uint32_t> digits_;
};

}  // namespace search_strategies
