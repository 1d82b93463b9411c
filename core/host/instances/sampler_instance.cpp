// Samplers as objects.

#include "core/host/instances/sampler_instance.hpp"

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace lathe {
namespace {

lathe_started started_of(std::uint64_t trial, std::span<const double> values) {
  lathe_started begun{};
  begun.struct_size = LATHE_SIZE_UP_TO(lathe_started, value_count);
  begun.trial = trial;
  begun.values = values.data();
  begun.value_count = values.size();
  return begun;
}

lathe_outcome outcome_of(const TrialOutcome& outcome) {
  lathe_outcome ended{};
  ended.struct_size = LATHE_SIZE_UP_TO(lathe_outcome, constraint_count);
  ended.state = outcome.state;
  ended.trial = outcome.trial;
  ended.values = outcome.values.data();
  ended.value_count = outcome.values.size();
  ended.steps = outcome.steps.data();
  ended.intermediate = outcome.intermediate.data();
  ended.intermediate_count = std::min(outcome.steps.size(), outcome.intermediate.size());
  ended.constraints = outcome.constraints.data();
  ended.constraint_count = outcome.constraints.size();
  return ended;
}

}  // namespace

SamplerInstance::SamplerInstance(const Component& component, const Value& options,
                                 const lathe_space& space)
    : component_(&component) {
  Call call(component, nullptr, Call::Phase::create);
  call.options = &options;
  const lathe_value tree = to_abi(options, call.memory());
  call.enter("create", [&](lathe_call* c) {
    return component.as<lathe_sampler>().create(c, &tree, &space, &self_);
  });
}

SamplerInstance::~SamplerInstance() {
  destroy_instance(*component_, component_->as<lathe_sampler>().destroy, self_);
}

bool SamplerInstance::suggest(std::uint64_t trial, std::span<double> values,
                              std::uint64_t attempt) {
  std::ranges::fill(values, std::numeric_limits<double>::quiet_NaN());
  lathe_ask ask{};
  ask.struct_size = LATHE_SIZE_UP_TO(lathe_ask, attempt);
  ask.trial = trial;
  ask.attempt = attempt;
  lathe_suggestion out{};
  out.struct_size = LATHE_SIZE_UP_TO(lathe_suggestion, value_count);
  out.status = LATHE_SUGGESTED;
  out.values = values.data();
  Call call(*component_);
  call.enter({"suggest", Guarded::often}, [&](lathe_call* c) {
    return component_->as<lathe_sampler>().suggest(c, self_, &ask, &out);
  });
  if (out.status == LATHE_EXHAUSTED) return false;
  if (out.status != LATHE_SUGGESTED)
    throw broken(fmt::format("answered trial {} with the unknown status {}", trial, out.status));
  if (out.value_count != values.size())
    throw broken(fmt::format("suggested {} values for trial {} of a space of {} parameters",
                             out.value_count, trial, values.size()));
  return true;
}

Error SamplerInstance::broken(const std::string& what) const {
  return run_error(LATHE_INTERNAL, fmt::format("{} {}", component_->options.owner, what));
}

void SamplerInstance::started(std::uint64_t trial, std::span<const double> values) {
  const auto& sampler = component_->as<lathe_sampler>();
  if (sampler.started == nullptr) return;
  const lathe_started begun = started_of(trial, values);
  Call call(*component_);
  call.enter({"started", Guarded::often},
             [&](lathe_call* c) { return sampler.started(c, self_, &begun); });
}

void SamplerInstance::finished(const TrialOutcome& outcome) {
  const auto& sampler = component_->as<lathe_sampler>();
  if (sampler.finished == nullptr) return;
  const lathe_outcome ended = outcome_of(outcome);
  Call call(*component_);
  call.enter({"finished", Guarded::often},
             [&](lathe_call* c) { return sampler.finished(c, self_, &ended); });
}

Value SamplerInstance::explain(std::span<const double> values, const TrialOutcome& outcome) {
  Value told{Value::Map{}};
  const auto& sampler = component_->as<lathe_sampler>();
  if (!LATHE_HAS(lathe_sampler, &sampler, explain) || sampler.explain == nullptr) return told;
  const lathe_started point = started_of(outcome.trial, values);
  const lathe_outcome ended = outcome_of(outcome);
  lathe_explanation out{};
  out.struct_size = LATHE_SIZE_UP_TO(lathe_explanation, fact_count);
  Call call(*component_);
  call.enter({"explain", Guarded::trial},
             [&](lathe_call* c) { return sampler.explain(c, self_, &point, &ended, &out); });
  for (const lathe_fact& fact : std::span(out.facts, out.fact_count))
    told.set(std::string(fact.name.data, fact.name.size), fact.value);
  return told;
}

}  // namespace lathe
