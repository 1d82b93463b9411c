// A search from plan to files: opens the study, gives each worker a runner, writes log and best.
#include "core/search/search.hpp"

#include "core/base/cpu.hpp"
#include "core/base/log.hpp"
#include "core/host/scoring/token_statistics.hpp"
#include "core/run/health/untrained.hpp"
#include "core/search/isolation/trials.hpp"
#include "core/search/loop/loop.hpp"
#include "core/search/loop/untrained.hpp"
#include "core/search/plan/study_description.hpp"
#include "core/search/study/differences.hpp"
#include "core/search/study/log.hpp"
#include "core/tensor/hash.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace lathe {
namespace {

// What a plan could not be refused for without a graph.
void check_against_graph(const CheckedPlan& plan, Trials& trials,
                         const std::atomic<bool>& cancelled) {
  if (plan.metrics_promised()) return;
  std::vector<std::string> known = trials.unpromised_scalars(cancelled);
  for (const Runner& r : plan->runners)
    for (std::string& name :
         promised_scalars(*r.step.component).value_or(std::vector<std::string>{}))
      known.push_back(std::move(name));
  for (const ReadScalar& scalar : plan->options.scalars())
    if (std::ranges::count(known, scalar.name) == 0) throw unpublished(scalar, known);
}

// What a trial trains with, unless the point says otherwise.
Value training_settings(const SearchPlan& plan) {
  Value settings{Value::Map{}};
  for (const std::string& key : training_option_keys()) {
    const Value* value = plan.training->find(key);
    if (value == nullptr) value = plan.run_options.find(key);
    if (value != nullptr && !value->is_none()) settings.set(key, *value);
  }
  if (const Value* samples = plan.training->find("max_samples"))
    settings.set("max_samples", *samples);
  return settings;
}

// Values of other weights, other runners or another batch size do not belong into one study.
StudyDescription described(const SearchPlan& plan, const std::string& name,
                           const SearchSpace& space, const Graph& original,
                           const RunContext& context, std::optional<Loss> loss) {
  Pipeline runners;
  for (const Runner& runner : plan.runners) runners.steps.push_back(runner.step);
  StudyDescription description = study_description(plan.options, space, name);
  Value& attributes = description.user_attributes;
  attributes.set("network", original.hash(original.output()).text());
  attributes.set("runners", text_of(runners));
  attributes.set("batch_size", context.batch_size);
  for (const auto& [transform, options] : space.transform_options)
    attributes.set("options_of_" + transform->id, options);
  if (plan.training) attributes.set("training", training_settings(plan));
  if (loss) attributes.set("loss", lathe::name(*loss));
  return description;
}

// What may differ from machine to machine, and makes other values: of a study that they share.
void describe_machine(const SearchPlace& place, const RunContext& context,
                      StudyDescription& description) {
  Value& attributes = description.user_attributes;
  attributes.set(std::string(kCpuCapability),
                 place.mixed_cpus ? Value() : Value(cpu_capability_here()));
  Value::List hashes;
  for (const std::string& file : context.dataset().files())
    hashes.emplace_back(std::filesystem::is_regular_file(file) ? sha256_of_file(file) : "");
  attributes.set(std::string(kDataHashes), std::move(hashes));
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

// Scoring tells of tokens what it does not tell of rows, and the other way round.
bool is_told(const Component& pass, std::string_view scalar, Loss loss, const Field& target) {
  const Statistic* statistic = find_statistic(scalar);
  return pass.id != kScoringPass || statistic == nullptr || is_told_of(*statistic, loss, target);
}

// Numbers that the loss of the run does not tell, and that no runner publishes on its own.
void check_scalars(const SearchPlan& plan, Loss loss, const Field& target) {
  for (const ReadScalar& scalar : plan.options.scalars()) {
    bool promised = false;
    bool published = false;
    for (const Runner& runner : plan.runners) {
      const Component& pass = *runner.step.component;
      const auto scalars = promised_scalars(pass);
      const bool may = !scalars || std::ranges::count(*scalars, scalar.name) > 0;
      promised |= may;
      published |=
          may && publishes(pass, scalar.name, loss) && is_told(pass, scalar.name, loss, target);
    }
    if (!promised || published) continue;
    std::vector<std::string> told;
    for (const Statistic* statistic : statistics_of(loss, true))
      if (is_told_of(*statistic, loss, target)) told.emplace_back(statistic->name);
    throw usage_error(
        fmt::format("the {} '{}' is none of a network that is scored with the loss {}; known: {}",
                    scalar.role, scalar.name, name(loss), fmt::join(told, ", ")),
        scalar.position);
  }
}

void check_pruner(const SearchPlan& plan, const Dataset& data, Loss loss) {
  const PrunerChoice& pruner = plan.options.pruner;
  const Watch& watch = pruner.watch();
  if (!pruner || watch.source == Watch::Source::runners) return;
  if (data.count(Split::validation) == 0)
    throw usage_error(
        fmt::format("pruner '{}' watches the validation after each epoch, but '{}' has no "
                    "validation split; let it watch a metric of another split",
                    pruner.name(), data.id()));
  const std::vector<std::string> columns = epoch_columns(loss);
  if (std::ranges::count(columns, watch.name) == 0)
    throw usage_error(
        fmt::format("pruner '{}' watches {}, which a training with the loss {} does "
                    "not tell; its option 'watch' takes another one",
                    pruner.name(), watch.name, name(loss)));
}

bool scores(const SearchPlan& plan) {
  return plan.training || std::ranges::any_of(plan.runners, [](const Runner& runner) {
           return runner.step.component->id == kScoringPass;
         });
}

// Missing data or a missing engine is one error, not one per trial. Gives the run's loss; none
// where there is no target and nobody asks for one.
std::optional<Loss> open_what_runs_need(const SearchPlan& plan, const RunContext& context) {
  const Dataset& data = context.dataset();
  context.executor();
  if (data.info().target() == nullptr && !scores(plan)) return std::nullopt;
  const Loss loss = chosen_loss(context.loss, data.info(), data.id());
  check_scalars(plan, loss, *data.info().target());
  check_pruner(plan, data, loss);
  return loss;
}

bool executes(const SearchPlan& plan) {
  return plan.training ||
         std::any_of(plan.runners.begin(), plan.runners.end(), [](const Runner& runner) {
           return runner.step.component->has(LATHE_FLAG_EXECUTES);
         });
}

void warn_of_idle_workers(const SearchOptions& options, const Sampler& sampler) {
  const bool waits = sampler.reads_values() || options.pruner;
  if (!waits || options.jobs <= options.lookahead + 1) return;
  log_warning(
      "with {} '{}' a trial begins when all but the {} before it have ended, so {} of the {} "
      "workers can work at a time; raise lookahead in [search.strategy.setup] for more (another "
      "lookahead, another result)",
      sampler.reads_values() ? "sampler" : "pruner",
      sampler.reads_values() ? options.sampler.name() : options.pruner.name(), options.lookahead,
      options.lookahead + 1, options.jobs);
}

}  // namespace

void check_space(const SearchPlan& plan, const SearchSpace& space) {
  space.check_runnable();
  for (const SearchParameter& parameter : space.parameters)
    if (parameter.part == SpacePart::training && parameter.key != "batch_size" && !plan.training)
      throw usage_error(fmt::format("'{}' changes nothing, because no runner trains; add "
                                    "[search.strategy.sw_runner.basic_train]",
                                    parameter.name),
                        parameter.position);
}

std::unique_ptr<Study> study_of(const SearchPlan& plan, const SearchPlace& place,
                                const SearchSpace& space, const Graph& original,
                                const RunContext& context) {
  StudyDescription description =
      described(plan, place.study, space, original, context, std::nullopt);
  description.user_attributes.set("loss", Value());  // the data would tell it
  return open_storage(place.storage_url, place.storage)->open_study(description);
}

SearchResult search_networks(const CheckedPlan& plan, const SearchPlace& place,
                             const SearchSpace& space, const Graph& original,
                             const RunContext& context, const SearchEvents& events,
                             const std::atomic<bool>& cancelled) {
  const SearchOptions& options = plan->options;
  check_space(*plan, space);
  if (plan->training && !plan->training_options)
    throw run_error(LATHE_FAILED_PRECONDITION, "a trial trains, but nobody said with what options");
  std::optional<Loss> loss;
  std::unique_ptr<Trials> trials;
  if (options.isolate) {
    // Data is loaded once, for all helpers.
    if (executes(*plan)) loss = open_what_runs_need(*plan, context);
    trials = trials_in_helpers(*plan, space, original, context, executes(*plan), cancelled);
  } else {
    trials = trials_on_threads(*plan, space, original, context);
  }
  check_against_graph(plan, *trials, cancelled);
  if (!loss && executes(*plan)) loss = open_what_runs_need(*plan, context);

  const std::unique_ptr<Sampler> sampler = options.sampler.make(
      space, {options.directions(), options.objectives(), options.seed,
              static_cast<std::uint64_t>(options.lookahead),
              static_cast<std::uint64_t>(options.n_trials), options.constraints.size()});
  warn_of_idle_workers(options, *sampler);
  std::shared_ptr<Storage> storage;
  std::unique_ptr<Study> study;
  if (!place.storage_url.empty()) {
    storage = open_storage(place.storage_url, place.storage);
    StudyDescription description = described(*plan, place.study, space, original, context, loss);
    if (storage->shared() && loss) describe_machine(place, context, description);
    study = storage->open_study(description);
  }
  // Counting needs no weights, and training brings them.
  const bool warns = executes(*plan) && !plan->training;
  const std::vector<std::string> fresh =
      warns ? run::untrained_layers(original) : std::vector<std::string>{};
  UntrainedLayers untrained(fresh);
  const auto evaluate = [&](int worker, std::uint64_t trial, std::span<const double> point,
                            const std::atomic<bool>& stop, const Report& report) {
    Scalars scalars = trials->evaluate(worker, point, stop, report);
    if (!warns) scalars.untrained.clear();
    untrained.add(trial, scalars.untrained);
    return scalars;
  };
  SearchResult result;
  try {
    result = run_trials(options, space, *sampler, study.get(), evaluate, events, cancelled);
  } catch (const EndOfSearch& end) {
    throw end.why;
  }
  trials->finish();
  result.untrained = untrained_in(fresh, result.trials);
  if (!place.folder.empty())
    write_log(place.folder, space, result.trials, result.best, options.directions().size());
  if (result.infeasible)
    log_warning(
        "no trial meets the constraints of [search.strategy.constraints]; the best one, trial {}, "
        "violates them least",
        result.trials[result.best.front()].number);
  if (!result.trials.empty() && result.best.empty()) throw nothing_completed(result);
  return result;
}

}  // namespace lathe
