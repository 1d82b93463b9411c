// A sampler plugin behind the loop's interface: owns the space that the plugin may keep.
#include "core/search/plan/sampler.hpp"

namespace lathe {
namespace {

class PluginSampler final : public Sampler {
 public:
  PluginSampler(const Component& component, const Value& options, const SearchSpace& space,
                const std::vector<lathe_direction>& directions, std::uint64_t seed)
      : directions_(directions) {
    for (const SearchParameter& parameter : space.parameters) names_.push_back(parameter.name);
    for (std::size_t p = 0; p < names_.size(); ++p) {
      lathe_parameter row{};
      row.name = {names_[p].data(), names_[p].size()};
      row.kind = LATHE_PARAMETER_CATEGORICAL;
      row.choices = space.parameters[p].choices.size();
      row.parent = LATHE_NONE_ID;
      rows_.push_back(row);
    }
    space_.struct_size = LATHE_SIZE_UP_TO(lathe_space, seed);
    space_.parameter_size = sizeof(lathe_parameter);
    space_.parameters = rows_.data();
    space_.parameter_count = rows_.size();
    space_.directions = directions_.data();
    space_.objective_count = directions_.size();
    space_.seed = seed;
    const lathe_sampler& table = component.as<lathe_sampler>();
    reads_values_ = LATHE_HAS(lathe_sampler, &table, finished);
    instance_.emplace(component, options, space_);
  }

  bool suggest(std::uint64_t trial, std::span<double> point) override {
    return instance_->suggest(trial, point);
  }
  void started(std::uint64_t trial, std::span<const double> point) override {
    instance_->started(trial, point);
  }
  void finished(std::uint64_t trial, lathe_trial_state state, std::span<const double> values,
                std::int64_t step) override {
    instance_->finished(trial, state, values, step);
  }
  bool reads_values() const override { return reads_values_; }

 private:
  std::vector<std::string> names_;
  std::vector<lathe_parameter> rows_;
  std::vector<lathe_direction> directions_;
  lathe_space space_{};
  bool reads_values_ = false;
  std::optional<SamplerInstance> instance_;  // keeps pointers into the above: destroyed first
};

}  // namespace

std::unique_ptr<Sampler> SamplerChoice::make(const SearchSpace& space,
                                             const std::vector<lathe_direction>& directions,
                                             std::uint64_t seed) const {
  if (component_ == nullptr)
    throw run_error(LATHE_FAILED_PRECONDITION, "a search without a sampler was begun");
  return std::make_unique<PluginSampler>(*component_, options_, space, directions, seed);
}

SamplerChoice choose_sampler(const ComponentText& sampler, const Registry& registry) {
  SamplerChoice choice;
  choice.component_ = &registry.find(Kind::sampler, sampler.name, sampler.position);
  choice.name_ = sampler.name;
  choice.options_ = check_options(choice.component_->options, sampler.options);
  return choice;
}

}  // namespace lathe
