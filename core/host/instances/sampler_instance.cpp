// Samplers as objects.

#include "core/host/instances/sampler_instance.hpp"

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"

namespace lathe {

SamplerInstance::SamplerInstance(const Component& component, const Value& options,
                                 const lathe_space& space)
    : component_(&component) {
  Call call(component, nullptr, Call::Phase::create);
  call.options = &options;
  const lathe_value tree = to_abi(options, call.memory());
  call.enter([&](lathe_call* c) {
    return component.as<lathe_sampler>().create(c, &tree, &space, &self_);
  });
}

SamplerInstance::~SamplerInstance() {
  destroy_instance(*component_, component_->as<lathe_sampler>().destroy, self_);
}

bool SamplerInstance::suggest(std::uint64_t trial, std::span<double> parameters) {
  Call call(*component_);
  const lathe_code code = call.attempt([&](lathe_call* c) {
    return component_->as<lathe_sampler>().suggest(c, self_, trial, parameters.data());
  });
  if (code == LATHE_OUT_OF_RANGE) return false;
  if (code != LATHE_OK) throw call.failure(code);
  return true;
}

void SamplerInstance::started(std::uint64_t trial, std::span<const double> parameters) {
  const auto& sampler = component_->as<lathe_sampler>();
  if (sampler.started == nullptr) return;
  Call call(*component_);
  call.enter([&](lathe_call* c) { return sampler.started(c, self_, trial, parameters.data()); });
}

void SamplerInstance::finished(std::uint64_t trial, lathe_trial_state state,
                               std::span<const double> values, std::int64_t step) {
  const auto& sampler = component_->as<lathe_sampler>();
  if (sampler.finished == nullptr) return;
  Call call(*component_);
  call.enter([&](lathe_call* c) {
    return sampler.finished(c, self_, trial, state, values.empty() ? nullptr : values.data(), step);
  });
}

}  // namespace lathe
