// Evaluating one point: what the loop calls, and what becomes of it.
#pragma once

#include "core/search/plan/options.hpp"

#include <atomic>
#include <functional>

namespace lathe {

// What an evaluation found out about a point.
struct Scalars {
  Value software{Value::Map{}};
  Value hardware{Value::Map{}};
  bool pruned = false;  // given up as `report` said; there are no scalars
  std::vector<std::string> untrained;
  std::vector<std::string> troubles;  // what is wrong with the numbers of the network
};
// Tells how an evaluation comes along, by rising step; true: it is to be given up as hopeless. An
// evaluation that has nothing left to do by then may end as usual.
using Report = std::function<bool(std::int64_t step, double value)>;
// Evaluates one point; an Error thrown fails the trial with its text. `worker` is below jobs and
// never used by two threads at once. `stop` becomes true when the trial is to be given up.
using Evaluate =
    std::function<Scalars(int worker, std::uint64_t trial, std::span<const double> point,
                          const std::atomic<bool>& stop, const Report& report)>;

// How the sentence of an Error begins that says that the process ended which the trial ran in.
inline constexpr std::string_view kHelperEnded = "the helper process ";
// Thrown by an evaluation instead of an Error, it ends the search. No std::exception, which would
// fail the trial.
struct EndOfSearch {
  Error why;
};

// Calls `evaluate`: the metrics and the values of the objectives, or why there are none. `given_up`
// becomes true if it was stopped, so that nothing is known of the point.
Trial outcome_of(const SearchOptions& options, const std::atomic<bool>& stop,
                 const std::function<Scalars()>& evaluate, bool& given_up);

}  // namespace lathe
