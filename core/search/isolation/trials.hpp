// Where the trials of a search run: on its worker threads, or in helper processes (--isolate). What
// comes of them is the same.
#pragma once

#include "core/host/run.hpp"
#include "core/search/loop/evaluation.hpp"
#include "core/search/plan/plan.hpp"

namespace lathe {

class Trials {
 public:
  virtual ~Trials() = default;
  // As Evaluate. Thread-safe for different workers.
  virtual Scalars evaluate(int worker, std::span<const double> point, const std::atomic<bool>& stop,
                           const Report& report) = 0;
  // Names of the scalars that those runners publish for the original graph which promise none.
  virtual std::vector<std::string> unpromised_scalars(const std::atomic<bool>& stop) = 0;
  // No trial runs any more: what ran elsewhere counts as the context's executor's.
  virtual void finish() {}
};

// REQUIRES of both: the references outlive the result.
std::unique_ptr<Trials> trials_on_threads(const SearchPlan& plan, const SearchSpace& space,
                                          const Graph& original, const RunContext& context);
// Helpers have what is loaded by now, unless they change it. `executes`: networks are run.
// `cancelled` ends helpers at once. Throws run_error if this process runs in parallel already, or
// helpers cannot be started.
std::unique_ptr<Trials> trials_in_helpers(const SearchPlan& plan, const SearchSpace& space,
                                          const Graph& original, const RunContext& context,
                                          bool executes, const std::atomic<bool>& cancelled);

}  // namespace lathe
