// A [search] table becomes a plan: MASE's words are translated (config/mase.hpp), then everything
// is looked up and checked against the registry.
#include "core/base/suggest.hpp"
#include "core/search/metrics.hpp"
#include "core/search/pruner.hpp"
#include "core/search/search.hpp"

#include <fmt/format.h>

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

}  // namespace

std::optional<std::vector<std::string>> promised_scalars(const Component& pass) {
  const lathe_pass& table = pass.as<lathe_pass>();
  if (!LATHE_HAS(lathe_pass, &table, scalars)) return std::nullopt;
  std::vector<std::string> names;
  std::string_view rest = table.scalars;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('|'), rest.size());
    if (end > 0) names.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return names;
}

Error unknown_metric(const Metric& metric, const std::vector<std::string>& known) {
  return usage_error(fmt::format("no runner publishes the metric '{}'{}", metric.name,
                                 suggestion(metric.name, known)),
                     metric.position);
}

void check_plan(const SearchPlan& plan, const Registry& registry) {
  const SearchOptions& options = plan.options;
  const Component& sampler = registry.find(Kind::sampler, options.sampler);
  check_options(sampler.options, options.sampler_options);
  check_pruner({options.pruner, options.pruner_options, {}});
  watch_of(options);
  if (options.pruner != "none" && !plan.training)
    throw usage_error(
        fmt::format("pruner '{}' gives up trials while they train, but no runner trains; add "
                    "[search.strategy.sw_runner.basic_train], or leave the pruner out",
                    options.pruner));
  if (options.n_trials < 0) throw usage_error("n_trials must not be negative");
  if (options.jobs < 1) throw usage_error("the number of jobs must be at least 1");
  if (options.lookahead < 0) throw usage_error("lookahead must not be negative");
  if (options.metrics.empty())
    throw usage_error(
        "the search has no metric; name at least one, eg: [search.strategy.metrics] "
        "accuracy = {scale = 1.0, direction = \"maximize\"}");
  if (plan.runners.empty())
    throw usage_error(
        "the search has no runner; name at least one, eg: "
        "[search.strategy.sw_runner.basic_evaluation] num_samples = 512");

  std::vector<std::string> known;
  bool complete = true;
  for (const Runner& runner : plan.runners) {
    const auto promised = promised_scalars(*runner.step.component);
    complete &= promised.has_value();
    if (promised) known.insert(known.end(), promised->begin(), promised->end());
  }
  // A pass that promises nothing may publish anything; run_search() asks it before the first trial.
  if (!complete) return;
  for (const Metric& metric : options.metrics)
    if (std::find(known.begin(), known.end(), metric.name) == known.end())
      throw unknown_metric(metric, known);
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
  const Component& sampler =
      registry.find(Kind::sampler, config.sampler.name, config.sampler.position);
  options.sampler = config.sampler.name;
  options.sampler_options = check_options(sampler.options, config.sampler.options);
  options.pruner = config.pruner.name;
  options.pruner_options = check_pruner(config.pruner);
  options.metrics = config.metrics;
  options.sum_scaled_metrics = config.sum_scaled_metrics;
  options.direction = config.direction;
  if (config.n_trials) options.n_trials = *config.n_trials;
  if (config.n_jobs) options.jobs = static_cast<int>(*config.n_jobs);
  if (config.lookahead) options.lookahead = static_cast<int>(*config.lookahead);
  if (config.timeout_seconds) options.timeout_seconds = *config.timeout_seconds;
  if (config.trial_timeout_seconds) options.trial_timeout_seconds = *config.trial_timeout_seconds;
  check_plan(plan, registry);
  return plan;
}

}  // namespace lathe
