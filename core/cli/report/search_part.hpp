// What the page of a search draws: its trials by column, the best of them, what matters.
#pragma once

#include "core/search/study/held_study.hpp"

#include <span>

namespace lathe {

struct SearchPart {
  // {"objectives": [{"name", "direction"}], "parameters": [{"name", "choices"} or {"name", "log"}],
  //  "trials": {"numbers", "states", "values", "points", "seconds"}, "metrics": [{"name",
  //  "values"}], "best": [place in trials], "importance": [{"objective", "trials", "rest", "rows":
  //  [[name, share, deviation]]}]}; of parameters those with a choice.
  Value json;
  std::size_t trials = 0, shown = 0, complete = 0, failed = 0, pruned = 0, running = 0;
  std::size_t best = 0;
};

// Of more trials than a page can carry the best, those that were the best at their time, and an
// even sample of the others.
SearchPart search_part(const StudyDescription& description, std::span<const HeldTrial> trials);

}  // namespace lathe
