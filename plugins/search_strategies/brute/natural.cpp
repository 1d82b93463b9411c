#include "natural.hpp"

#include <algorithm>

namespace search_strategies {
namespace {

constexpr std::size_t kDigit = 32;

std::uint32_t low_half(std::uint64_t value) { return static_cast<std::uint32_t>(value); }

std::size_t bit_length(std::uint32_t digit) {
  std::size_t bits = 0;
  for (; digit != 0; digit >>= 1) ++bits;
  return bits;
}

// Takes `times` of a number from one that has a digit more; false: less than nothing is left,
// counted modulo its digits.
bool subtract(std::uint32_t* from, const std::vector<std::uint32_t>& number, std::uint64_t times) {
  std::uint64_t carry = 0, borrow = 0;
  for (std::size_t i = 0; i <= number.size(); ++i) {
    carry += i < number.size() ? times * number[i] : 0;
    const std::uint64_t taken = low_half(carry) + borrow;
    borrow = from[i] < taken ? 1 : 0;
    from[i] = low_half(from[i] - taken);
    carry >>= kDigit;
  }
  return borrow == 0;
}

// Gives it back once.
void add(std::uint32_t* to, const std::vector<std::uint32_t>& number) {
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i <= number.size(); ++i) {
    carry += std::uint64_t{to[i]} + (i < number.size() ? number[i] : 0);
    to[i] = low_half(carry);
    carry >>= kDigit;
  }
}

}  // namespace

Natural::Natural(std::uint64_t value) {
  for (; value != 0; value >>= kDigit) digits_.push_back(low_half(value));
}

Natural Natural::of(std::vector<std::uint32_t> digits) {
  Natural result;
  result.digits_ = std::move(digits);
  result.trim();
  return result;
}

void Natural::trim() {
  while (!digits_.empty() && digits_.back() == 0) digits_.pop_back();
}

std::size_t Natural::bits() const {
  return digits_.empty() ? 0 : kDigit * (digits_.size() - 1) + bit_length(digits_.back());
}

std::uint64_t Natural::low64() const {
  std::uint64_t value = 0;
  for (std::size_t i = std::min<std::size_t>(digits_.size(), 2); i-- > 0;)
    value = value << kDigit | digits_[i];
  return value;
}

bool operator<(const Natural& a, const Natural& b) {
  if (a.digits_.size() != b.digits_.size()) return a.digits_.size() < b.digits_.size();
  return std::lexicographical_compare(a.digits_.rbegin(), a.digits_.rend(), b.digits_.rbegin(),
                                      b.digits_.rend());
}

Natural& Natural::operator+=(const Natural& other) {
  digits_.resize(std::max(digits_.size(), other.digits_.size()) + 1);
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < digits_.size(); ++i) {
    carry += digits_[i];
    if (i < other.digits_.size()) carry += other.digits_[i];
    digits_[i] = low_half(carry);
    carry >>= kDigit;
  }
  trim();
  return *this;
}

Natural& Natural::operator-=(const Natural& other) {
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < digits_.size(); ++i) {
    const std::uint64_t taken = borrow + (i < other.digits_.size() ? other.digits_[i] : 0);
    borrow = digits_[i] < taken ? 1 : 0;
    digits_[i] = low_half(digits_[i] - taken);
  }
  trim();
  return *this;
}

Natural operator*(const Natural& a, const Natural& b) {
  std::vector<std::uint32_t> product(a.digits_.size() + b.digits_.size());
  for (std::size_t i = 0; i < a.digits_.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < b.digits_.size(); ++j) {
      carry += std::uint64_t{a.digits_[i]} * b.digits_[j] + product[i + j];
      product[i + j] = low_half(carry);
      carry >>= kDigit;
    }
    product[i + b.digits_.size()] = low_half(carry);
  }
  return Natural::of(std::move(product));
}

std::uint32_t Natural::divide_by_digit(std::uint32_t divisor) {
  std::uint64_t rest = 0;
  for (std::size_t i = digits_.size(); i-- > 0;) {
    rest = rest << kDigit | digits_[i];
    digits_[i] = low_half(rest / divisor);
    rest %= divisor;
  }
  trim();
  return low_half(rest);
}

// Long division with estimated digits (Knuth, The Art of Computer Programming 2, 4.3.1, D).
Natural Natural::divide(const Natural& divisor) {
  if (divisor.digits_.size() == 1) return divide_by_digit(divisor.digits_.front());
  if (*this < divisor) {
    Natural rest;
    std::swap(rest, *this);
    return rest;
  }
  // So that the divisor's highest bit is set, and an estimate at most 2 too large.
  const std::size_t shift = kDigit - bit_length(divisor.digits_.back());
  const std::vector<std::uint32_t> by = divisor.shifted(shift).digits_;
  std::vector<std::uint32_t> rest = shifted(shift).digits_;
  const std::size_t n = by.size();
  rest.resize(std::max(rest.size(), digits_.size()) + 1);
  digits_.assign(rest.size() - n, 0);
  for (std::size_t j = digits_.size(); j-- > 0;) {
    const std::uint64_t top = std::uint64_t{rest[j + n]} << kDigit | rest[j + n - 1];
    std::uint64_t estimate = top / by[n - 1], left = top % by[n - 1];
    while (left >> kDigit == 0 &&
           (estimate >> kDigit != 0 || estimate * by[n - 2] > (left << kDigit | rest[j + n - 2]))) {
      --estimate;
      left += by[n - 1];
    }
    if (!subtract(rest.data() + j, by, estimate)) {
      --estimate;
      add(rest.data() + j, by);
    }
    digits_[j] = low_half(estimate);
  }
  trim();
  return of(std::move(rest)).above(shift);
}

Natural Natural::below(std::size_t count) const {
  const std::size_t whole = count / kDigit, part = count % kDigit;
  if (digits_.size() <= whole) return *this;
  std::vector<std::uint32_t> digits(digits_.begin(),
                                    digits_.begin() + static_cast<std::ptrdiff_t>(whole));
  if (part != 0) digits.push_back(digits_[whole] & ((std::uint32_t{1} << part) - 1));
  return of(std::move(digits));
}

Natural Natural::above(std::size_t count) const {
  const std::size_t whole = count / kDigit, part = count % kDigit;
  std::vector<std::uint32_t> digits;
  for (std::size_t i = whole; i < digits_.size(); ++i) {
    const std::uint64_t next = i + 1 < digits_.size() ? digits_[i + 1] : 0;
    digits.push_back(low_half((next << kDigit | digits_[i]) >> part));
  }
  return of(std::move(digits));
}

Natural Natural::shifted(std::size_t count) const {
  const std::size_t whole = count / kDigit, part = count % kDigit;
  std::vector<std::uint32_t> digits(whole);
  std::uint64_t carry = 0;
  for (const std::uint32_t digit : digits_) {
    carry |= std::uint64_t{digit} << part;
    digits.push_back(low_half(carry));
    carry >>= kDigit;
  }
  digits.push_back(low_half(carry));
  return of(std::move(digits));
}

Natural operator^(const Natural& a, const Natural& b) {
  std::vector<std::uint32_t> digits(std::max(a.digits_.size(), b.digits_.size()));
  for (std::size_t i = 0; i < digits.size(); ++i) {
    digits[i] =
        (i < a.digits_.size() ? a.digits_[i] : 0) ^ (i < b.digits_.size() ? b.digits_[i] : 0);
  }
  return Natural::of(std::move(digits));
}

}  // namespace search_strategies
