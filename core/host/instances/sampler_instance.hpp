// A sampler plugin as a C++ object.
#pragma once

#include "core/plugin/registry.hpp"

#include <span>

namespace lathe {

// REQUIRES: `options` are checked (check_options) against component.options.
class SamplerInstance {
 public:
  SamplerInstance(const Component& component, const Value& options, const lathe_space& space);
  ~SamplerInstance();
  SamplerInstance(const SamplerInstance&) = delete;
  // False: the space is exhausted.
  bool suggest(std::uint64_t trial, std::span<double> parameters);
  void started(std::uint64_t trial, std::span<const double> parameters);
  // `values` empty: failed.
  void finished(std::uint64_t trial, lathe_trial_state state, std::span<const double> values,
                std::int64_t step);

 private:
  const Component* component_;
  void* self_ = nullptr;
};

}  // namespace lathe
