// Which parameters are drawn together: none, those that every trial had, or the largest sets of
// which each trial had all or none (as Optuna's multivariate and group have it). A parameter that
// is in no set is drawn alone. Knows nothing of values.
#pragma once

#include "../space.hpp"

namespace search_strategies {

enum class Together { kNone, kAlways, kGroups };

class Blocks {
 public:
  Blocks(const Space& space, Together together);

  // Which parameters a finished trial had.
  void add(const double* values);

  // The parameters that are drawn with `p`, itself among them, ascending. Those that have one value
  // only are drawn with none.
  const std::vector<std::size_t>& with(std::size_t p) const { return sets_[set_of_[p]]; }

 private:
  void regroup(const double* values);
  void collect();

  Together together_;
  bool empty_ = true;                  // no trial yet
  std::vector<char> fixed_;            // has one value
  std::vector<std::size_t> group_of_;  // 0: no trial had it
  std::vector<std::vector<std::size_t>> sets_;
  std::vector<std::size_t> set_of_;
};

}  // namespace search_strategies
