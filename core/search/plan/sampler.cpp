// A sampler plugin behind the loop's interface: owns the space that the plugin may keep.
#include "core/search/plan/sampler.hpp"

#include "core/graph/io/abi_value.hpp"

#include <deque>
#include <memory_resource>

namespace lathe {
namespace {

class PluginSampler final : public Sampler {
 public:
  PluginSampler(const Component& component, const Value& options, const SearchSpace& space,
                const SamplerTask& task)
      : parameters_(space.parameters), task_(task) {
    for (const SearchParameter& parameter : parameters_) {
      rows_.push_back(row_of(parameter));
      if (space.as_int && parameter.categorical()) ask_as_int(rows_.back());
    }
    for (const std::string& name : task_.objectives)
      objectives_.push_back({name.data(), name.size()});
    space_.struct_size = LATHE_SIZE_UP_TO(lathe_space, constraint_count);
    space_.parameter_size = sizeof(lathe_parameter);
    space_.parameters = rows_.data();
    space_.parameter_count = rows_.size();
    space_.directions = task_.directions.data();
    space_.objective_count = task_.directions.size();
    space_.seed = task_.seed;
    space_.lookahead = task_.lookahead;
    space_.trial_budget = task_.trial_budget;
    space_.objectives = objectives_.empty() ? nullptr : objectives_.data();
    space_.constraint_count = task_.constraints;
    const lathe_sampler& table = component.as<lathe_sampler>();
    explains_ = LATHE_HAS(lathe_sampler, &table, explain);
    reads_values_ = LATHE_HAS(lathe_sampler, &table, finished);
    instance_.emplace(component, options, space_);
  }

  bool suggest(std::uint64_t trial, std::uint64_t attempt, std::span<double> point) override {
    return instance_->suggest(trial, point, attempt);
  }
  void started(std::uint64_t trial, std::span<const double> point) override {
    instance_->started(trial, point);
  }
  void finished(const TrialOutcome& outcome) override { instance_->finished(outcome); }
  bool reads_values() const override { return reads_values_; }
  bool explains() const override { return explains_; }
  Value explain(std::span<const double> point, const TrialOutcome& outcome) override {
    return instance_->explain(point, outcome);
  }

 private:
  lathe_parameter row_of(const SearchParameter& parameter) {
    lathe_parameter row{};
    row.name = {parameter.name.data(), parameter.name.size()};
    row.kind = parameter.kind;
    row.logarithmic = parameter.logarithmic ? 1 : 0;
    row.choices = parameter.choices.size();
    if (parameter.categorical()) row.choice_values = choices_of(parameter);
    row.low = parameter.low;
    row.high = parameter.high;
    row.step = parameter.step;
    const Condition& condition = parameter.condition;
    row.parent = condition.parent == Condition::kAlways
                     ? LATHE_NONE_ID
                     : static_cast<std::uint32_t>(condition.parent);
    row.parent_values = condition.numbers.data();
    row.parent_value_count = condition.numbers.size();
    return row;
  }
  // The index of a choice, which stays what the value says.
  static void ask_as_int(lathe_parameter& row) {
    row.kind = LATHE_PARAMETER_INTEGER;
    row.low = 0;
    row.high = static_cast<double>(row.choices - 1);
    row.step = 1;
    row.choices = 0;
    row.choice_values = nullptr;
  }
  const lathe_value* choices_of(const SearchParameter& parameter) {
    std::vector<lathe_value>& values = choices_.emplace_back();
    for (const Value& choice : parameter.choices) values.push_back(to_abi(choice, memory_));
    return values.data();
  }

  std::vector<SearchParameter> parameters_;  // names, choices and conditions that rows point into
  SamplerTask task_;
  std::vector<lathe_str> objectives_;
  std::pmr::monotonic_buffer_resource memory_;
  std::deque<std::vector<lathe_value>> choices_;
  std::vector<lathe_parameter> rows_;
  lathe_space space_{};
  bool reads_values_ = false;
  bool explains_ = false;
  std::optional<SamplerInstance> instance_;  // keeps pointers into the above: destroyed first
};

}  // namespace

std::unique_ptr<Sampler> SamplerChoice::make(const SearchSpace& space,
                                             const SamplerTask& task) const {
  if (component_ == nullptr)
    throw run_error(LATHE_FAILED_PRECONDITION, "a search without a sampler was begun");
  try {
    return std::make_unique<PluginSampler>(*component_, options_, space, task);
  } catch (const Error& error) {
    throw error.at(position_);
  }
}

SamplerChoice choose_sampler(const ComponentText& sampler, const Registry& registry) {
  SamplerChoice choice;
  choice.component_ = &registry.find(Kind::sampler, sampler.name, sampler.position);
  choice.name_ = sampler.name;
  choice.position_ = sampler.position;
  choice.options_ = check_options(choice.component_->options, sampler.options);
  return choice;
}

}  // namespace lathe
