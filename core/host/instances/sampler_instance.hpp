// A sampler plugin as a C++ object.
#pragma once

#include "core/plugin/registry.hpp"

#include <span>

namespace lathe {

// How a trial ended, as a sampler is told: values if complete, and what was reported meanwhile.
struct TrialOutcome {
  std::uint64_t trial = 0;
  lathe_trial_state state = LATHE_STATE_FAIL;
  std::span<const double> values = {};
  std::span<const std::int64_t> steps = {};   // rising
  std::span<const double> intermediate = {};  // one per step
  std::span<const double> constraints = {};   // how far each is violated; if complete
};

// REQUIRES: `options` are checked (check_options) against component.options.
class SamplerInstance {
 public:
  // `space` outlives the object.
  SamplerInstance(const Component& component, const Value& options, const lathe_space& space);
  ~SamplerInstance();
  SamplerInstance(const SamplerInstance&) = delete;
  // False: the space is exhausted. What the sampler left alone is NaN. Throws run_error for a
  // sampler that fails, and for one that wrote another number of values than the space has.
  // `attempt`: how many answers for this trial were points of earlier ones.
  bool suggest(std::uint64_t trial, std::span<double> values, std::uint64_t attempt = 0);
  void started(std::uint64_t trial, std::span<const double> values);
  void finished(const TrialOutcome& outcome);
  // Numbers by name that the sampler tells about the point of a complete trial.
  Value explain(std::span<const double> values, const TrialOutcome& outcome);

 private:
  Error broken(const std::string& what) const;

  const Component* component_;
  void* self_ = nullptr;
};

}  // namespace lathe
