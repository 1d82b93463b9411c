// Which of several changes costs most, by halving: a number for what any set of them gives is all
// that is known of them. Knows no graph.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace lathe::run {

// What the changes of these numbers give together, in increasing order; those of none and of all
// too. NaN counts as worse than any number.
using Measure = std::function<double(std::span<const std::size_t> changes)>;

// One half that was tried, alone on top of no other change.
struct TriedHalf {
  std::size_t step = 0;  // 1, 2, ...; two halves each
  std::vector<std::size_t> changes;
  double value = 0;
  double cost = 0;        // how much worse than without any change
  bool followed = false;  // the change is looked for in it
};

struct Halving {
  double before = 0, after = 0;  // without any change, with all
  double cost = 0;               // of all
  std::vector<TriedHalf> halves;
  std::size_t found = 0;
  double alone = 0, cost_alone = 0;  // with that change and no other
  double without = 0;                // with all others: what is left
  double regained = 0;               // by leaving it out
  std::size_t measured = 0;          // sets
};

// Splits the changes in the middle and follows the half that costs more, of equal ones the first,
// until one change is left. Costs that add up have it find the greatest of a half's sum; changes
// that help each other may be told apart wrongly. At most 2 ceil(log2 count) + 3 measurements.
// `see` is shown each half once it is measured. REQUIRES: count > 0.
Halving costliest_change(std::size_t count, bool higher_is_better, const Measure& measure,
                         const std::function<void(const TriedHalf&)>& see = {});

// How much worse `value` is than `before`; infinite for NaN.
double cost_of(double before, double value, bool higher_is_better);

}  // namespace lathe::run
