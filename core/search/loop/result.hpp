// What a search comes to, and what it tells meanwhile.
#pragma once

#include "core/search/study/trial.hpp"

#include <functional>

namespace lathe {

struct SearchResult {
  std::vector<Trial> trials;      // those that ended, in number order
  std::vector<std::size_t> best;  // Pareto front, or the first best: indexes into `trials`
  std::size_t resumed = 0;        // of `trials`, those that the study already had
  std::size_t served = 0;         // of `trials`, those with the values of an earlier one's point
  std::size_t elsewhere = 0;      // of `trials`, those that other processes evaluated meanwhile
  bool infeasible = false;        // no trial meets the constraints: the best violates them least
  bool exhausted = false;         // the sampler has no further point
  bool interrupted = false;       // stopped by the user
  bool timed_out = false;         // stopped by timeout_seconds
  // Layers evaluated without trained weights, in any trial; empty if trials train or run nothing.
  std::vector<std::string> untrained;
  double loop_cpu_seconds = 0, loop_seconds = 0;  // of this process, from first to last trial
};

// Called one at a time, on any thread.
struct SearchEvents {
  std::function<void(const Trial& trial)> trial_ended;  // in number order
  std::function<void()> look;                           // some forty times a second
};

}  // namespace lathe
