// One bracket of asynchronous successive halving (Li et al., "A system for massively parallel
// hyperparameter tuning", 2018), without resuming what was stopped.
#pragma once

#include "core/search/plan/pruner.hpp"

namespace lathe {

// Where the numbers come from, see the options of the pruners.
struct Halving {
  lathe_direction direction = LATHE_DIRECTION_MINIMIZE;
  std::int64_t min_resource = 1;
  std::int64_t reduction_factor = 4;
  std::int64_t min_early_stopping_rate = 0;
  std::int64_t bootstrap_count = 0;

  // As Pruner::prune(); `told` are the other trials of the bracket.
  bool prune(Trial& trial, std::span<const Trial* const> told) const;

 private:
  bool promotable(double value, std::vector<double>& competing) const;
};

}  // namespace lathe
