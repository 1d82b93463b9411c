// lathe study ask: the next trial of a study, for a program that evaluates it.
#include "core/cli/commands/rows.hpp"
#include "core/cli/found_plugins.hpp"
#include "core/cli/study/chosen_study.hpp"
#include "core/cli/study/shown_trials.hpp"
#include "core/search/loop/told_outcome.hpp"
#include "core/search/plan/study_description.hpp"
#include "core/search/points/proposals.hpp"
#include "core/search/space/written_space.hpp"
#include "core/search/study/fixed_params.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lathe {
namespace {

// That of the command line, or the study's own.
SearchSpace asked_space(const Invocation& call, const StudyDescription& description) {
  SearchSpace space;
  if (const OptionalText given = call.get(kSearchSpace))
    space = read_written_space(json_given(*given, "--search-space"));
  else
    space = space_of(description);
  if (space.parameters.empty())
    throw usage_error(fmt::format("the study '{}' has no search space yet; give --search-space",
                                  description.name));
  return space;
}

SamplerChoice asked_sampler(const Invocation& call, const Value& attributes,
                            const Registry& registry) {
  if (const OptionalText given = call.get(kSampler))
    return choose_sampler(parse_component(*given, "--sampler"), registry);
  ComponentText sampler{"tpe", Value{Value::Map{}}, {}};
  const Value* name = attributes.find("sampler");
  if (name != nullptr && name->is_string()) {
    sampler.name = name->as_string();
    const Value* options = attributes.find("sampler_options");
    if (options != nullptr && options->is_map()) sampler.options = *options;
  }
  return choose_sampler(sampler, registry);
}

SearchOptions asked_options(const Invocation& call, const StudyDescription& description,
                            const Registry& registry) {
  SearchOptions options;
  options.sampler = asked_sampler(call, description.user_attributes, registry);
  const Value* seed = description.user_attributes.find("seed");
  if (seed != nullptr && seed->is_int()) options.seed = static_cast<std::uint64_t>(seed->as_int());
  options.lookahead = 0;
  for (std::size_t objective = 0; objective < description.directions.size(); ++objective)
    options.metrics.push_back(
        {fmt::format("values_{}", objective), 1.0, description.directions[objective], {}});
  return options;
}

std::vector<StoredParameter> stored(const SearchSpace& space) {
  std::vector<StoredParameter> rows;
  for (const SearchParameter& parameter : space.parameters)
    rows.push_back(stored_parameter(parameter));
  return rows;
}

// What of its parameters the space has.
std::vector<double> known_point(const SearchSpace& space, const HeldTrial& trial) {
  std::vector<double> point(space.parameters.size(), std::nan(""));
  for (std::size_t p = 0; p < point.size(); ++p)
    if (const Value* value = trial.params.find(space.parameters[p].name); value != nullptr)
      point[p] = space.parameters[p].number_of(*value).value_or(std::nan(""));
  return point;
}

class Asked {
 public:
  Asked(const SearchOptions& options, const SearchSpace& space)
      : space_(space),
        sampler_(options.sampler.make(space, {options.directions(), {}, options.seed, 0, 0, 0})),
        proposals_(options, space, *sampler_) {}

  void tell(const HeldTrial& trial) {
    points_.push_back(known_point(space_, trial));
    proposals_.began(trial.number, points_.back());
    if (ended(trial.state)) sampler_->finished(*ToldOutcome(trial, false));
  }
  std::vector<double> next(std::uint64_t number) {
    const auto proposed = proposals_.propose(
        number, [&](std::uint64_t trial) { return std::span<const double>(points_[trial]); });
    if (!proposed)
      throw run_error(LATHE_OUT_OF_RANGE, "every point of the search space has had its trial");
    return *proposed;
  }
  std::vector<double> complete(const HeldTrial& waiting) {
    std::vector<double> point(space_.parameters.size(), std::nan(""));
    fix_parameters(point, waiting.params, stored(space_), fmt::format("trial {}", waiting.number));
    return proposals_.complete(waiting.number, point);
  }

 private:
  const SearchSpace& space_;
  std::unique_ptr<Sampler> sampler_;
  Proposals proposals_;
  std::vector<std::vector<double>> points_;  // by trial
};

std::vector<double> next_point(const HeldStudy& study, std::uint64_t number,
                               const SearchOptions& options, const SearchSpace& space) {
  Asked asked(options, space);
  const std::vector<HeldTrial>& trials = study.trials();
  for (std::uint64_t before = 0; before < number; ++before) asked.tell(trials[before]);
  return number < trials.size() ? asked.complete(trials[number]) : asked.next(number);
}

// One that waits comes first.
std::uint64_t next_number(const HeldStudy& study) {
  const auto waiting = std::ranges::find(study.trials(), TrialState::waiting,
                                         [](const HeldTrial& t) { return t.state; });
  return static_cast<std::uint64_t>(waiting - study.trials().begin());
}

}  // namespace

void ask_study(const Invocation& call) {
  const Registry registry = registry_of(call);
  const ChosenStorage place = chosen_storage(call);
  std::uint64_t number = 0;
  Value params;
  hold_chosen(call, place, Hold::to_write, [&](HeldStudy& study) {
    const SearchSpace space = asked_space(call, study.description());
    number = next_number(study);
    params = params_of(
        space,
        next_point(study, number, asked_options(call, study.description(), registry), space));
    study.begin(number, params, stored(space));
  });
  write_json({{"number", number}, {"params", json_of(params)}}, -1);
}

}  // namespace lathe
