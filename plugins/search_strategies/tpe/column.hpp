// What trials had for one parameter, oldest first: an append-only list, and for a categorical one
// the sums from which the weights of its choices among the bad trials follow without reading the
// list. The good trials are few and any of them, so sums are kept over all and corrected by those
// of the good.
// Knows nothing of outcomes and densities.
#pragma once

#include "../space.hpp"

#include <cstdint>

namespace search_strategies {

// Trials that tell something are numbered 0, 1, ... in the order in which they began.
using Observation = std::uint32_t;

// Which of them are good: those, ascending, and a mark for each of all.
struct Good {
  std::vector<Observation> list;
  std::vector<char> is;
};

class Column {
 public:
  explicit Column(const Parameter& parameter);

  void append(double value);  // NaN: absent
  // Takes back the newest. REQUIRES: it is not good.
  void pop();

  std::size_t size() const { return size_; }
  std::size_t present() const { return present_; }
  double value(Observation o) const;
  bool has(Observation o) const { return !is_absent(value(o)); }

  // An observation became good, or is no longer.
  void enter_good(Observation o) { move(o, 1); }
  void leave_good(Observation o) { move(o, -1); }

  // Categorical: how many of the bad have the parameter, and the sum of their weights per choice.
  std::size_t bad_count() const { return present_ - good_present_; }
  void bad_sums(const Good& good, std::vector<double>& sums) const;

  // Numeric: observations that have it, by ascending value, the older of equal ones first.
  const std::vector<Observation>& ascending() const { return ascending_; }

  // Categorical of at most 255 choices: a byte per observation, kAbsentCode where it is absent and
  // up to a multiple of kLanes; everything else: its value.
  static constexpr std::uint8_t kAbsentCode = 255;
  const std::uint8_t* codes() const { return narrow() ? codes_.data() : nullptr; }
  const double* values() const { return narrow() ? nullptr : values_.data(); }

 private:
  // Adds `sign` times what a good observation subtracts from the sums.
  void move(Observation o, double sign);
  // How many before `o` have each choice; returns their sum.
  std::size_t before(Observation o, std::vector<double>& counts) const;
  // Pairs of good ones, by the choice of the later.
  const std::vector<double>& pairs_of_good(const Good& good) const;
  bool empty_block(std::size_t block) const;
  std::size_t choice(Observation o) const { return static_cast<std::size_t>(value(o)); }
  bool narrow() const { return choices_ > 0 && choices_ <= kAbsentCode; }

  std::size_t choices_;  // 0: numeric
  std::size_t block_;    // observations between two rows of prefix_
  std::size_t size_ = 0, present_ = 0;
  std::vector<std::uint8_t> codes_;
  std::vector<double> values_;  // where there are no codes
  std::vector<Observation> ascending_;
  std::vector<double> counts_, places_;  // per choice: how many, and the sum of their places
  std::vector<std::uint32_t> prefix_;    // counts_ before each block
  std::size_t good_present_ = 0;
  std::vector<double> good_counts_;         // per choice: how many good ones
  std::vector<double> good_places_;         // the sum of their places
  std::vector<double> before_good_;         // summed over the good: counts before it
  mutable std::vector<double> good_pairs_;  // empty: not counted since the good have changed
  std::vector<double> scratch_;
};

}  // namespace search_strategies
