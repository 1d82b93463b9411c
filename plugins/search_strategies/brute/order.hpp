// Exhaustive enumeration: trial number -> point, each exactly once. Without conditional parameters
// this is a mixed-radix number whose last digit runs fastest; a conditional parameter is a digit of
// the branch it belongs to. No state, so any number of workers may ask in any order.
#pragma once

#include "../space.hpp"

#include <functional>

namespace search_strategies {

class BruteOrder {
 public:
  // Philox: (stream, counter) -> [0, 1). Only the shuffled order uses it.
  using Uniform = std::function<double(std::uint64_t stream, std::uint64_t counter)>;

  // REQUIRES: no continuous parameter.
  explicit BruteOrder(const Space& space) : space_(space), branches_(space.parameters.size()) {
    for (std::size_t p = 0; p < space_.parameters.size(); ++p) {
      const Parameter& parameter = space_.parameters[p];
      if (parameter.parent == LATHE_NONE_ID) {
        roots_.push_back(p);
        continue;
      }
      auto& branches = branches_[parameter.parent];
      auto branch = std::find_if(branches.begin(), branches.end(), [&](const Branch& b) {
        return b.value == parameter.parent_value;
      });
      if (branch == branches.end()) {
        branches.push_back({parameter.parent_value, {}});
        branch = branches.end() - 1;
      }
      branch->children.push_back(p);
    }
    for (auto& branches : branches_)
      std::sort(branches.begin(), branches.end(),
                [](const Branch& a, const Branch& b) { return a.value < b.value; });
    counts_.assign(space_.parameters.size(), 0);
    // Children come after their parents, so their counts are known first from the back.
    for (std::size_t p = counts_.size(); p-- > 0;) counts_[p] = count_of(p);
    size_ = product(roots_);
  }

  // Number of points; kMany if it does not fit.
  std::uint64_t size() const { return size_; }
  static constexpr std::uint64_t kMany = std::numeric_limits<std::uint64_t>::max();

  // False if there is no such point.
  bool point(std::uint64_t index, double* values) const {
    if (size_ != kMany && index >= size_) return false;
    std::fill(values, values + space_.parameters.size(), kAbsent);
    decode(roots_, index, values);
    return true;
  }

  // A seeded permutation of the numbers below size(): a Feistel network over the next power of
  // four, walked along its cycle until the result is in range (Black and Rogaway, "Ciphers with
  // arbitrary finite domains", 2002). Without state, as the plain order.
  std::uint64_t shuffled(std::uint64_t index, const Uniform& uniform) const {
    if (size_ != kMany && index >= size_) return index;
    unsigned half = 1;
    while (half < 32 && (std::uint64_t{1} << (2 * half)) < size_) ++half;
    const std::uint64_t mask = (std::uint64_t{1} << half) - 1;
    do {
      std::uint64_t left = index >> half, right = index & mask;
      for (std::uint64_t round = 0; round < 6; ++round) {
        const auto mixed =
            static_cast<std::uint64_t>(uniform(round, right) * static_cast<double>(mask + 1));
        const std::uint64_t swapped = left ^ mixed;
        left = right;
        right = swapped;
      }
      index = left << half | right;
    } while (size_ != kMany && index >= size_);
    return index;
  }

 private:
  struct Branch {
    double value;
    std::vector<std::size_t> children;
  };

  static std::uint64_t times(std::uint64_t a, std::uint64_t b) {
    if (a == 0 || b == 0) return 0;
    return a > kMany / b ? kMany : a * b;
  }
  static std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
    return a > kMany - b ? kMany : a + b;
  }
  std::uint64_t product(const std::vector<std::size_t>& parameters) const {
    std::uint64_t result = 1;
    for (std::size_t p : parameters) result = times(result, counts_[p]);
    return result;
  }
  // Number of the value that a branch hangs on.
  std::uint64_t position(std::size_t p, const Branch& branch) const {
    const Parameter& parameter = space_.parameters[p];
    const double at =
        parameter.categorical() ? branch.value : (branch.value - parameter.low) / parameter.step;
    return static_cast<std::uint64_t>(std::llround(at));
  }
  // Points of the subtree under a parameter.
  std::uint64_t count_of(std::size_t p) const {
    std::uint64_t total = space_.parameters[p].count() - branches_[p].size();
    for (const Branch& branch : branches_[p]) total = plus(total, product(branch.children));
    return total;
  }
  void decode(const std::vector<std::size_t>& parameters, std::uint64_t index,
              double* values) const {
    for (std::size_t i = parameters.size(); i-- > 0;) {
      const std::size_t p = parameters[i];
      const std::uint64_t radix = counts_[p];
      const std::uint64_t digit = radix == kMany ? index : index % radix;
      index = radix == kMany ? 0 : index / radix;
      decode_parameter(p, digit, values);
    }
  }
  // Values in ascending order; one with a branch takes as many digits as the branch has points.
  void decode_parameter(std::size_t p, std::uint64_t digit, double* values) const {
    std::uint64_t next = 0;
    for (const Branch& branch : branches_[p]) {
      const std::uint64_t at = position(p, branch);
      if (digit < at - next) break;
      digit -= at - next;
      const std::uint64_t points = product(branch.children);
      if (digit < points) {
        values[p] = space_.parameters[p].value(at);
        decode(branch.children, digit, values);
        return;
      }
      digit -= points;
      next = at + 1;
    }
    values[p] = space_.parameters[p].value(next + digit);
  }

  Space space_;
  std::vector<std::vector<Branch>> branches_;  // per parameter: what hangs on its values
  std::vector<std::size_t> roots_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t size_ = 0;
};

}  // namespace search_strategies
