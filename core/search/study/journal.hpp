// What a study has of the trials of a search, and what it should get next. Knows nothing of
// threads.
#pragma once

#include "core/search/space/space.hpp"
#include "core/search/study/shared_study.hpp"
#include "core/search/study/trial.hpp"

#include <deque>

namespace lathe {

// A trial of a running search.
struct Slot {
  Trial trial;
  std::chrono::steady_clock::time_point began{};
  std::optional<TrialState> written;  // the state that the study has
  bool suspect = false;               // a process ended, killed or crashed, while the trial ran
  Whose whose = Whose::ours;          // who evaluates it
};

Trial trial_of(const StoredTrial& stored);

StoredTrial stored_of(const Trial& trial, const SearchSpace& space);

class Journal {
 public:
  // Trials that the study does not have as they are, in number order; they count as written from
  // now on. A number below one that has ended is always included, so that the study never has a
  // gap; one that still runs is if it has for a while, or if the search is `over`.
  std::vector<Trial> due(std::deque<Slot>& slots, bool over);

 private:
  std::size_t settled_ = 0;  // trials below are in the study as they ended
};

}  // namespace lathe
