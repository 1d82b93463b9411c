// A [search] table becomes a plan: MASE's words are translated by its own room, then everything is
// looked up in the registry.
#include "core/search/plan/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace lathe {
namespace {

Runner runner_of(const SearchRunner& given, const Registry& registry) {
  const Component& component = registry.find(Kind::pass, given.pass, given.position);
  if (component.has(LATHE_FLAG_MUTATES_GRAPH))
    throw usage_error(
        fmt::format("the runner '{}' is a transform; a runner evaluates, so name an analysis pass "
                    "here and put '{}' into [passes] or the search space",
                    given.word, given.pass),
        given.position);
  return {{&component, check_options(component.options, given.options), given.position},
          given.hardware};
}

void check_options_of(const SearchPlan& plan) {
  const SearchOptions& options = plan.options;
  if (options.pruner && !plan.training)
    throw usage_error(
        fmt::format("pruner '{}' gives up trials while they train, but no runner trains; add "
                    "[search.strategy.sw_runner.basic_train], or leave the pruner out",
                    options.pruner.name()));
  if (options.n_trials < 0) throw usage_error("n_trials must not be negative");
  if (options.jobs < 1)
    throw usage_error(
        fmt::format("a search has at least one job, or -1 for as many as there are cores; got {}",
                    options.jobs));
  if (options.lookahead < 0) throw usage_error("lookahead must not be negative");
  if (options.metrics.empty())
    throw usage_error(
        "the search has no metric; name at least one, eg: [search.strategy.metrics] "
        "accuracy = {scale = 1.0, direction = \"maximize\"}");
  if (plan.runners.empty())
    throw usage_error(
        "the search has no runner; name at least one, eg: "
        "[search.strategy.sw_runner.basic_evaluation] num_samples = 512");
}

// Whether the runners promise all metrics. Throws if they promise all they publish and lack one.
bool check_metrics(const SearchPlan& plan) {
  std::vector<std::string> known;
  bool complete = true;
  for (const Runner& runner : plan.runners) {
    const auto promised = promised_scalars(*runner.step.component);
    complete &= promised.has_value();
    if (promised) known.insert(known.end(), promised->begin(), promised->end());
  }
  if (!complete) return false;
  for (const ReadScalar& scalar : plan.options.scalars())
    if (std::ranges::count(known, scalar.name) == 0) throw unpublished(scalar, known);
  return true;
}

// What a transform is set up with may have it look at rows.
bool sets_transforms_up(const Value& space) {
  const Value* setup = space.find("setup");
  return setup != nullptr && setup->is_map() &&
         std::ranges::any_of(setup->as_map(),
                             [](const auto& entry) { return entry.second.is_map(); });
}

// The split that an option names; nothing: none does.
std::optional<Split> split_in(const Value& options) {
  for (const char* key : {"data_loader", "split"}) {
    const Value* word = options.find(key);
    if (word != nullptr && word->is_string()) return split_from_name(word->as_string());
  }
  return std::nullopt;
}

}  // namespace

CheckedPlan check_plan(SearchPlan plan) {
  int& jobs = plan.options.jobs;
  if (jobs == -1) jobs = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  check_options_of(plan);
  const bool promised = check_metrics(plan);
  return {std::move(plan), promised};
}

std::vector<Split> splits_read(const SearchPlan& plan) {
  if (plan.training || sets_transforms_up(plan.space)) return {};
  std::vector<Split> splits;
  for (const Runner& runner : plan.runners) {
    const std::optional<Split> split = split_in(runner.step.options);
    if (!split && runner.step.component->has(LATHE_FLAG_EXECUTES)) return {};
    if (split && std::ranges::count(splits, *split) == 0) splits.push_back(*split);
  }
  return splits;
}

SearchPlan plan_search(const Value& search, const Registry& registry) {
  const SearchConfig config = read_search_config(search);
  SearchPlan plan;
  plan.space = config.space;
  plan.eval_mode = config.eval_mode;
  plan.warnings = config.warnings;
  for (const SearchRunner& given : config.runners) {
    plan.runners.push_back(runner_of(given, registry));
    if (!given.trains) continue;
    if (plan.training)
      throw usage_error(
          fmt::format("two runners train; leave '{}' or the other one out", given.word),
          given.position);
    plan.training = given.training;
  }
  SearchOptions& options = plan.options;
  options.sampler = choose_sampler(config.sampler, registry);
  options.pruner = choose_pruner(config.pruner, config.metrics);
  options.metrics = config.metrics;
  options.constraints = config.constraints;
  options.sum_scaled_metrics = config.sum_scaled_metrics;
  options.direction = config.direction;
  if (config.n_trials) options.n_trials = *config.n_trials;
  if (config.n_jobs) options.jobs = static_cast<int>(*config.n_jobs);
  options.repeat = config.repeat;
  if (config.lookahead) options.lookahead = static_cast<int>(*config.lookahead);
  if (config.timeout_seconds) options.timeout_seconds = *config.timeout_seconds;
  if (config.trial_timeout_seconds) options.trial_timeout_seconds = *config.trial_timeout_seconds;
  return plan;
}

}  // namespace lathe
