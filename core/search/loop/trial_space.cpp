#include "core/search/loop/trial_space.hpp"

#include "core/base/log.hpp"
#include "core/search/loop/trial_graphs.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {
namespace {

constexpr lathe_space_part part_of(SpacePart part) {
  switch (part) {
    case SpacePart::training:
      return LATHE_SPACE_TRAINING;
    case SpacePart::model:
      return LATHE_SPACE_MODEL;
    case SpacePart::node:
      break;
  }
  return LATHE_SPACE_NODE;
}

bool is_listed(const Domain& domain) {
  return !domain.infinite() && domain.count() <= LATHE_SPACE_MOST_CHOICES;
}

TrialParameter parameter_of(const SearchSpace& space, const SearchParameter& parameter) {
  TrialParameter out{parameter.name, part_of(parameter.part), {}, std::nullopt, {}};
  for (std::uint64_t i = 0; is_listed(parameter) && i < parameter.count(); ++i)
    out.choices.push_back(parameter.value(parameter.at(i), parameter.name));
  const Condition& condition = parameter.condition;
  if (condition.parent == Condition::kAlways) return out;
  out.parent = condition.parent;
  const SearchParameter& parent = space.parameters[condition.parent];
  for (std::uint64_t i = 0; is_listed(parent) && i < parent.count(); ++i)
    if (std::ranges::find(condition.numbers, parent.at(i)) != condition.numbers.end())
      out.parent_choices.push_back(i);
  return out;
}

class OpenedSpace : public TrialSpace {
 public:
  OpenedSpace(SearchSpace space, const Graph& graph, const RunContext& context)
      : space_(std::move(space)), graph_(graph), context_(context), graphs_(space_, graph_) {
    for (const SearchParameter& parameter : space_.parameters)
      parameters_.push_back(parameter_of(space_, parameter));
    context_.in_trial = true;
    context_.troubles = std::make_shared<Troubles>();
    context_.original = &graph_;
    context_.notes.clear();
  }

  const std::vector<TrialParameter>& parameters() const override { return parameters_; }

  Graph build(std::span<const std::uint64_t> choices) override {
    if (space_.has_part(SpacePart::model))
      throw run_error(LATHE_FAILED_PRECONDITION,
                      "the search space has options of the model ([search.search_space.model]); "
                      "only a search builds the model anew");
    std::vector<double> point;
    for (std::size_t p = 0; p < choices.size(); ++p)
      point.push_back(space_.parameters[p].at(choices[p]));
    leave_out_absent(space_.parameters, point);
    const RunOfThread working(&context_);
    return graphs_.at(point, graph_, context_);
  }

 private:
  const SearchSpace space_;
  const Graph graph_;
  RunContext context_;
  TrialGraphs graphs_;
  std::vector<TrialParameter> parameters_;
};

}  // namespace

std::unique_ptr<TrialSpace> open_trial_space(const Value& search_space, const Graph& graph,
                                             const Registry& registry, const OptionTable* model,
                                             const RunContext& context) {
  // Trials choose formats of their own, whose state is not that of the loaded weights.
  const Graph original = graph.with_spare_state({});
  SearchSpace space = build_space(search_space, original, registry, model);
  for (const std::string& warning : space.warnings) log_warning("{}", warning);
  space.check_runnable();
  return std::make_unique<OpenedSpace>(std::move(space), original, context);
}

}  // namespace lathe
