#include "core/cli/run/searching/plan.hpp"

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/cli/interrupt.hpp"
#include "core/cli/run/passes.hpp"
#include "core/cli/run/training.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

// What the command line says about a training goes before what basic_train says in the file.
void apply_command_line(const Settings& settings, Value& training) {
  Value kept{Value::Map{}};
  for (const auto& [key, value] : training.as_map()) {
    const auto given = std::find_if(settings.options.begin(), settings.options.end(),
                                    [&key = key](const EffectiveOption& row) {
                                      return row.option->option.key == key && row.from_command_line;
                                    });
    if (given == settings.options.end()) kept.set(key, value);
  }
  training = kept;
}

// NA, said, is no number: until the time is up.
std::optional<std::int64_t> trials_of(const Settings& settings) {
  const auto row = std::ranges::find_if(settings.options, [](const EffectiveOption& option) {
    return option.option->option.key == kTrials.key;
  });
  if (row == settings.options.end() || !row->given()) return std::nullopt;
  return settings.get(kTrials).value_or(0);
}

}  // namespace

CheckedPlan planned(Session& session, const Settings& settings) {
  if (settings.config.search.as_map().empty())
    throw usage_error(
        "a search needs a [search] table: --config FILE; examples/jsc_toy_by_type.toml is one");
  SearchPlan plan = plan_search(settings.config.search, session.registry());
  for (const std::string& warning : plan.warnings) log_warning("{}", warning);

  SearchOptions& options = plan.options;
  options.study_attributes = Value(
      Value::Map{{"model", session.model().text}, {"dataset", session.dataset_choice().text}});
  options.seed = static_cast<std::uint64_t>(settings.get(kSeed));
  options.n_trials = trials_of(settings).value_or(options.n_trials);
  options.jobs = static_cast<int>(settings.get(kJobs).value_or(options.jobs));
  options.isolate = settings.get(kIsolate);
  options.timeout_seconds = settings.get(kTimeBudget).value_or(options.timeout_seconds);
  options.trial_timeout_seconds =
      settings.get(kTrialTimeout).value_or(options.trial_timeout_seconds);
  options.retry_failed = settings.get(kRetryFailed);
  options.repeat = options.repeat || settings.get(kRepeat);
  if (const OptionalText given = settings.get(kPruner))
    options.pruner = choose_pruner(parse_component(*given, "--pruner"), options.metrics);
  if (plan.training) apply_command_line(settings, *plan.training);
  for (Runner& runner : plan.runners) apply_to_counting(settings, runner.step);
  plan.run_options = settings.values;
  plan.training_options = training_options;
  plan.build = [&session](const Value& options, RunContext& context) {
    return session.rebuild_graph(options, context).with_spare_state({});
  };
  plan.pause_threads = pause_interrupt_thread;
  return check_plan(std::move(plan));
}

SearchPlace place_of(const Settings& settings, const RunFolder& folder) {
  SearchPlace place;
  place.folder = folder.results;
  place.study = settings.text(kStudy);
  if (place.study.empty()) place.study = folder.project.filename().string();
  place.storage_url = settings.text(kStorage);
  const auto milliseconds = [](double seconds) {
    return std::chrono::round<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
  };
  place.storage.lock_wait = milliseconds(settings.get(kLockWait));
  place.storage.lease = milliseconds(settings.get(kLease));
  place.mixed_cpus = settings.get(kMixedCpus);
  if (place.storage_url.empty())
    place.storage_url = "sqlite:///" + absolute_path(folder.results / kStudyFile).string();
  return place;
}

void refuse_model_search_with(const Pipeline& pipeline, const SearchSpace& space,
                              const Loading& loading) {
  for (const SearchParameter& parameter : space.parameters) {
    if (parameter.part != SpacePart::model) continue;
    if (!pipeline.steps.empty())
      throw usage_error(
          "a search of the model's options builds the model anew in each trial, so "
          "that no passes can go before it; leave --passes or --with-passes out",
          parameter.position);
    const NetworkOrigin* saved = loading.network ? &loading.network->origin : nullptr;
    if (saved != nullptr && (saved->model.empty() || !saved->passes.empty()))
      throw usage_error(
          "a search of the model's options builds the model anew in each trial, so "
          "that it cannot be a saved graph that passes have changed; leave --load out",
          parameter.position);
  }
}

}  // namespace lathe
