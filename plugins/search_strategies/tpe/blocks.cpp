#include "blocks.hpp"

#include <map>

namespace search_strategies {

Blocks::Blocks(const Space& space, Together together)
    : together_(together), group_of_(space.parameters.size(), 0), set_of_(group_of_.size(), 0) {
  for (const Parameter& parameter : space.parameters) fixed_.push_back(parameter.count() == 1);
  collect();
}

void Blocks::add(const double* values) {
  if (together_ == Together::kNone) return;
  regroup(values);
  empty_ = false;
}

// A trial splits every group into those that it had and those that it had not. To be had by every
// trial is to be in the group of the first that no later one left.
void Blocks::regroup(const double* values) {
  std::map<std::pair<std::size_t, bool>, std::size_t> names;
  std::vector<std::size_t> groups(group_of_.size(), 0);
  for (std::size_t p = 0; p < groups.size(); ++p) {
    const bool had = !is_absent(values[p]);
    if (together_ == Together::kAlways) {
      groups[p] = had && (empty_ || group_of_[p] == 1) ? 1 : 0;
    } else if (had || group_of_[p] != 0) {
      groups[p] = names.try_emplace({group_of_[p], had}, names.size() + 1).first->second;
    }
  }
  if (groups == group_of_) return;
  group_of_ = std::move(groups);
  collect();
}

void Blocks::collect() {
  sets_.clear();
  std::map<std::size_t, std::size_t> set_of_group;
  for (std::size_t p = 0; p < group_of_.size(); ++p) {
    const bool alone = group_of_[p] == 0 || fixed_[p];
    const auto [found, fresh] = set_of_group.try_emplace(alone ? 0 : group_of_[p], sets_.size());
    if (alone || fresh) {
      set_of_[p] = sets_.size();
      if (!alone) found->second = sets_.size();
      sets_.push_back({p});
    } else {
      set_of_[p] = found->second;
      sets_[found->second].push_back(p);
    }
  }
}

}  // namespace search_strategies
