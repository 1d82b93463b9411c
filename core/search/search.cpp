// A search from plan to files: opens the study, gives each worker a runner, writes log and best.
#include "core/search/metrics.hpp"
#include "core/search/trial.hpp"
#include "core/search/untrained.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>

namespace lathe {
namespace {

// A reader sees the whole file or the one before.
void write_whole(const std::filesystem::path& path, const std::string& text) {
  const std::filesystem::path draft = path.string() + ".part";
  std::ofstream out(draft, std::ios::binary);
  out << text;
  out.close();
  std::error_code failed;
  if (out) std::filesystem::rename(draft, path, failed);
  if (!out || failed)
    throw run_error(LATHE_DATA_LOSS, fmt::format("cannot write '{}'; is the disk full or the "
                                                 "folder not writable?",
                                                 path.string()));
}

void write_files(const SearchOptions& options, const SearchSpace& space,
                 const SearchResult& result) {
  if (options.folder.empty()) return;
  std::error_code exists;
  std::filesystem::create_directories(options.folder, exists);
  write_whole(options.folder / "log.json", log_json(options, space, result.trials));
  write_whole(options.folder / "best.json", best_json(options, space, result));
}

// What plan_search() could not refuse for want of a graph.
void check_against_graph(const SearchPlan& plan, const SearchSpace& space, TrialRunner& runner,
                         const std::atomic<bool>& cancelled) {
  space.check_runnable();
  for (const SearchParameter& parameter : space.parameters)
    if (parameter.node == NodeId::none && parameter.key != "batch_size" && !plan.training)
      throw usage_error(fmt::format("'{}' changes nothing, because no runner trains; add "
                                    "[search.strategy.sw_runner.basic_train]",
                                    parameter.name),
                        parameter.position);
  if (plan.training && !plan.training_options)
    throw run_error(LATHE_FAILED_PRECONDITION, "a trial trains, but nobody said with what options");
  std::vector<std::string> known = runner.unpromised_scalars(cancelled);
  for (const Runner& r : plan.runners)
    for (std::string& name :
         promised_scalars(*r.step.component).value_or(std::vector<std::string>{}))
      known.push_back(std::move(name));
  for (const Metric& metric : plan.options.metrics)
    if (std::find(known.begin(), known.end(), metric.name) == known.end())
      throw unknown_metric(metric, known);
}

// What a trial trains with, unless the point says otherwise.
Value training_settings(const SearchPlan& plan) {
  Value settings{Value::Map{}};
  for (const std::string& key : training_option_keys()) {
    const Value* value = plan.training->find(key);
    if (value == nullptr) value = plan.run_options.find(key);
    if (value != nullptr) settings.set(key, *value);
  }
  if (const Value* samples = plan.training->find("max_samples"))
    settings.set("max_samples", *samples);
  return settings;
}

// Values of other weights, other runners or another batch size do not belong into one study.
StudyDescription described(const SearchPlan& plan, const SearchSpace& space, const Graph& original,
                           const RunContext& context) {
  Pipeline runners;
  for (const Runner& runner : plan.runners) runners.steps.push_back(runner.step);
  StudyDescription description = study_description(plan.options, space);
  Value& attributes = description.user_attributes;
  attributes.set("network", original.hash(original.output()).text());
  attributes.set("runners", text_of(runners));
  attributes.set("batch_size", context.batch_size);
  for (const auto& [transform, options] : space.transform_options)
    attributes.set("options_of_" + transform->id, options);
  if (plan.training) attributes.set("training", training_settings(plan));
  return description;
}

Error nothing_completed(const SearchResult& result) {
  const Trial* failed = nullptr;
  for (const Trial& trial : result.trials)
    if (trial.state == TrialState::fail) failed = &trial;
  if (failed == nullptr)
    return run_error(LATHE_ABORTED,
                     fmt::format("all {} trials were given up by the pruner; a gentler setting "
                                 "leaves some to compare with",
                                 result.trials.size()));
  return run_error(LATHE_ABORTED, fmt::format("all {} trials failed; the last with: {}",
                                              result.trials.size(), failed->error));
}

}  // namespace

SearchResult run_search(const SearchPlan& plan, const SearchSpace& space, const Graph& original,
                        const RunContext& context, const SearchEvents& events,
                        const std::atomic<bool>& cancelled) {
  const SearchOptions& options = plan.options;
  check_plan(plan, *context.registry);
  std::vector<std::unique_ptr<TrialRunner>> runners;
  for (int i = 0; i < options.jobs; ++i)
    runners.push_back(std::make_unique<TrialRunner>(plan, space, original, context));
  check_against_graph(plan, space, *runners.front(), cancelled);
  // Missing data or a missing engine is one error, not one per trial.
  const bool executes =
      plan.training ||
      std::any_of(plan.runners.begin(), plan.runners.end(), [](const Runner& runner) {
        return runner.step.component->has(LATHE_FLAG_EXECUTES);
      });
  if (executes) {
    const Dataset& data = context.dataset();
    context.executor();
    const bool validates = watch_of(options).source != Watch::Source::runners;
    if (options.pruner != "none" && validates && data.count(Split::validation) == 0)
      throw usage_error(
          fmt::format("pruner '{}' watches the validation after each epoch, but '{}' has no "
                      "validation split; let it watch a metric of another split",
                      options.pruner, data.id()));
  }

  const std::unique_ptr<Sampler> sampler = make_sampler(options, space, *context.registry);
  if ((sampler->reads_values() || options.pruner != "none") && options.jobs > options.lookahead + 1)
    spdlog::warn(
        "with {} '{}' a trial begins when all but the {} before it have ended, so {} of the {} "
        "workers can work at a time; raise lookahead in [search.strategy.setup] for more (another "
        "lookahead, another result)",
        sampler->reads_values() ? "sampler" : "pruner",
        sampler->reads_values() ? options.sampler : options.pruner, options.lookahead,
        options.lookahead + 1, options.jobs);
  std::shared_ptr<Storage> storage;
  std::unique_ptr<Study> study;
  if (!options.storage_url.empty()) {
    storage = open_storage(options.storage_url);
    study = storage->open_study(described(plan, space, original, context));
  }
  // Counting needs no weights, and training brings them.
  const bool warns = executes && !plan.training;
  const std::vector<std::string> fresh =
      warns ? untrained_layers(original) : std::vector<std::string>{};
  UntrainedLayers untrained(fresh);
  const auto evaluate = [&](int worker, std::uint64_t trial, std::span<const double> point,
                            const std::atomic<bool>& stop, const Report& report) {
    Scalars scalars = runners[static_cast<std::size_t>(worker)]->run(point, stop, report);
    if (!warns) scalars.untrained.clear();
    untrained.add(trial, scalars.untrained);
    return scalars;
  };
  SearchResult result =
      run_trials(options, space, *sampler, study.get(), evaluate, events, cancelled);
  result.untrained = untrained_in(fresh, result.trials);
  write_files(options, space, result);
  if (!result.trials.empty() && result.best.empty()) throw nothing_completed(result);
  return result;
}

}  // namespace lathe
