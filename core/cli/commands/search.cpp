// lathe search: the space of the config file, the trials, the best of them.
#include "core/base/file.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/cli/run/dry_run.hpp"
#include "core/cli/run/passes.hpp"
#include "core/cli/run/results/folder.hpp"
#include "core/cli/run/results/results.hpp"
#include "core/cli/run/training.hpp"
#include "core/report/progress.hpp"
#include "core/search/study/reasons.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

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

// The file's [search], with what the command line says on top.
CheckedPlan planned(Session& session) {
  const Settings& settings = session.settings();
  if (settings.config.search.as_map().empty())
    throw usage_error(
        "a search needs a [search] table: --config FILE; examples/jsc_toy_by_type.toml is one");
  SearchPlan plan = plan_search(settings.config.search, session.registry());
  for (const std::string& warning : plan.warnings) spdlog::warn("{}", warning);

  SearchOptions& options = plan.options;
  options.study_attributes = Value(
      Value::Map{{"model", session.model().text}, {"dataset", session.dataset_choice().text}});
  options.seed = static_cast<std::uint64_t>(settings.get(kSeed));
  options.n_trials = settings.get(kTrials).value_or(options.n_trials);
  options.jobs = static_cast<int>(settings.get(kJobs).value_or(options.jobs));
  options.timeout_seconds = settings.get(kTimeBudget).value_or(options.timeout_seconds);
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
  return check_plan(std::move(plan));
}

SearchPlace place_of(const Settings& settings, const RunFolder& folder) {
  SearchPlace place;
  place.folder = folder.results;
  place.study = settings.text(kStudy);
  if (place.study.empty()) place.study = folder.project.filename().string();
  place.storage_url = settings.text(kStorage);
  place.storage.lock_wait = std::chrono::round<std::chrono::milliseconds>(
      std::chrono::duration<double>(settings.get(kLockWait)));
  if (place.storage_url.empty())
    place.storage_url = "sqlite:///" + absolute_path(folder.results / kStudyFile).string();
  return place;
}

Json values_json(const std::vector<double>& values) {
  Json json = Json::array();
  for (const double value : values) json.push_back(value);
  return json;
}

Json best_part(const SearchResult& result, const SearchSpace& space) {
  Json best = Json::array();
  for (const std::size_t index : result.best) {
    const Trial& trial = result.trials[index];
    best.push_back({{"number", trial.number},
                    {"values", values_json(trial.values)},
                    {"software_metrics", json_of(trial.software_metrics)},
                    {"hardware_metrics", json_of(trial.hardware_metrics)},
                    {"scaled_metrics", json_of(trial.scaled_metrics)},
                    {"sampled_config", json_of(sampled_config(space, trial.point))}});
  }
  return best;
}

// The best points, each once: its first trial, and how many trials are at that point.
struct BestPoint {
  const Trial* trial;
  std::size_t trials = 0;
};

// NaN, of a parameter that does not exist, compares with nothing.
std::vector<double> comparable(std::vector<double> point) {
  for (double& number : point)
    if (std::isnan(number)) number = std::numeric_limits<double>::lowest();
  return point;
}

std::vector<BestPoint> best_points(const SearchResult& result) {
  std::vector<BestPoint> points;
  std::map<std::vector<double>, std::size_t> known;
  for (const std::size_t index : result.best) {
    const Trial& trial = result.trials[index];
    const auto [found, fresh] = known.try_emplace(comparable(trial.point), points.size());
    if (fresh) points.push_back({&trial, 0});
    ++points[found->second].trials;
  }
  return points;
}

std::string best_text(const std::vector<BestPoint>& points) {
  TextTable table{{"number", "trials", "software_metrics", "hardware_metrics", "scaled_metrics"},
                  {}};
  for (const BestPoint& point : points)
    table.rows.push_back({std::to_string(point.trial->number), std::to_string(point.trials),
                          rounded_text(point.trial->software_metrics),
                          rounded_text(point.trial->hardware_metrics),
                          rounded_text(point.trial->scaled_metrics)});
  return output_table(table, TableStyle::orgtbl);
}

// What was chosen there: a row for each parameter that had a choice, a column for each point.
std::string choices_text(const std::vector<BestPoint>& points, const SearchSpace& space) {
  constexpr std::size_t kColumns = 8;  // more do not fit a terminal; best.json has all
  const std::size_t shown = std::min(points.size(), kColumns);
  TextTable table{{"parameter \\ trial"}, {}};
  for (std::size_t i = 0; i < shown; ++i)
    table.columns.push_back(std::to_string(points[i].trial->number));
  for (std::size_t p = 0; p < space.parameters.size(); ++p) {
    const SearchParameter& parameter = space.parameters[p];
    if (!parameter.infinite() && parameter.count() < 2) continue;
    std::vector<std::string> row{parameter.name};
    for (std::size_t i = 0; i < shown; ++i) {
      const std::vector<double>& point = points[i].trial->point;
      const bool exists = parameter.condition.met(point);
      row.push_back(exists ? cell_text(parameter.value(point[p], parameter.name)) : "-");
    }
    table.rows.push_back(std::move(row));
  }
  return table.rows.empty() ? std::string() : fmt::format("\n{}", output_table(table));
}

std::size_t count_of(const SearchResult& result, TrialState state) {
  return static_cast<std::size_t>(
      std::count_if(result.trials.begin(), result.trials.end(),
                    [state](const Trial& trial) { return trial.state == state; }));
}

// Trials at one point are one network: fewer points than trials are repeats.
std::size_t points_of(const SearchResult& result) {
  std::set<std::vector<double>> points;
  for (const Trial& trial : result.trials) points.insert(comparable(trial.point));
  return points.size();
}

Json reasons_part(const std::vector<Reason>& reasons) {
  Json part = Json::array();
  for (const Reason& reason : reasons)
    part.push_back({{"text", reason.text}, {"first", reason.first}, {"trials", reason.trials}});
  return part;
}

// What went wrong, each kind once.
std::string troubles_text(const SearchResult& result) {
  std::string text;
  for (const Reason& reason : failures_of(result.trials))
    text += fmt::format("\n{} failed like trial {}: {}", reason.trials, reason.first, reason.text);
  for (const Reason& reason : troubles_of(result.trials))
    text += fmt::format("\n{} like trial {}: {}", reason.trials, reason.first, reason.text);
  return text;
}

// Why it ended, and what there is now.
std::string summary_text(const SearchResult& result, const SearchPlace& place) {
  std::string text = fmt::format("{} trials", result.trials.size());
  if (result.resumed > 0) text += fmt::format(", {} of them from before", result.resumed);
  if (const std::size_t pruned = count_of(result, TrialState::pruned); pruned > 0)
    text += fmt::format(", {} pruned", pruned);
  if (const std::size_t failed = count_of(result, TrialState::fail); failed > 0)
    text += fmt::format(", {} failed", failed);
  if (const std::size_t points = points_of(result); points < result.trials.size())
    text += fmt::format(", at {} different points", points);
  if (result.exhausted) text += "; every point of the space was visited";
  if (result.timed_out) text += "; the time budget is spent";
  if (!result.untrained.empty())
    text +=
        fmt::format("\nevaluated without trained weights: {}", fmt::join(result.untrained, ", "));
  text += troubles_text(result);
  return text + fmt::format("\nlog.json, best.json are in {}\nstudy '{}' is in {}\n",
                            place.folder.string(), place.study, place.storage_url);
}

SearchEvents announce_trials(const SearchOptions& options, Progress& progress) {
  SearchEvents events;
  const auto total = static_cast<std::uint64_t>(std::max<std::int64_t>(0, options.n_trials));
  struct Told {
    ReasonCounts failures, troubles;
  };
  auto told = std::make_shared<Told>();
  events.trial_ended = [&progress, total, told](const Trial& trial) {
    const auto tell = [&](ReasonCounts& counts, std::string_view verb, const std::string& text) {
      const std::size_t alike = counts.add(trial.number, text);
      if (alike > 2) return;
      progress.clear();
      if (alike == 1)
        spdlog::warn("trial {}{}: {}", trial.number, verb, text);
      else
        spdlog::warn("trial {}{} likewise; more of them are counted at the end", trial.number,
                     verb);
    };
    if (trial.state == TrialState::fail)
      tell(told->failures, " failed", trial.error);
    else
      for (const std::string& trouble : trial.troubles) tell(told->troubles, "", trouble);
    progress.update("trials", trial.number + 1, total);
  };
  return events;
}

// A model that is built anew for each trial has neither been through passes nor been saved.
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

}  // namespace

void run_search(Session& session) {
  const Settings& settings = session.settings();
  const Pipeline pipeline = chosen_pipeline(session);
  if (printed_pipeline(pipeline, settings)) return;
  session.will_run(pipeline);
  const CheckedPlan plan = planned(session);
  const RunFolder folder = choose_run_folder(settings);
  if (settings.get(kDryRun)) {
    describe_run(session, {.pipeline = pipeline,
                           .folder = folder.results,
                           .plan = &*plan,
                           .check_space = [&](const SearchSpace& space) {
                             refuse_model_search_with(pipeline, space, session.loading());
                           }});
    return;
  }
  const SearchPlace place = place_of(settings, folder);
  if (pipeline.steps.empty()) session.ask_for(splits_read(*plan));
  RunContext context = session.context(folder.results);
  Graph graph = session.build_graph(context);
  prepare_run_folder(folder, settings);
  Results results;
  results.passes = run_passes(pipeline, graph, context, session);
  // Trials choose formats of their own, whose state is not that of the loaded weights.
  const Graph original = graph.with_spare_state({});
  context.original = &original;
  const SearchSpace space =
      build_space(plan->space, original, session.registry(), session.model_options());
  refuse_model_search_with(pipeline, space, session.loading());
  for (const std::string& warning : space.warnings) spdlog::warn("{}", warning);
  if (space.networks() == 1U)
    spdlog::warn("the search space holds one network only: no parameter of it has a choice");

  Progress progress;
  const SearchResult result =
      search_networks(plan, place, space, original, context,
                      announce_trials(plan->options, progress), session.cancelled());
  progress.clear();
  if (settings.get(kResume) && result.resumed == 0 && !settings.text(kStorage).empty())
    spdlog::warn("--resume: there was nothing to go on with, '{}' held no trials of the study '{}'",
                 place.storage_url, place.study);
  results.parts.emplace_back("best", best_part(result, space));
  results.parts.emplace_back("space", json_of(space.describe()));
  results.parts.emplace_back("trials", result.trials.size());
  results.parts.emplace_back("pruned_trials", count_of(result, TrialState::pruned));
  results.parts.emplace_back("failed_trials", count_of(result, TrialState::fail));
  results.parts.emplace_back("failures", reasons_part(failures_of(result.trials)));
  results.parts.emplace_back("troubles", reasons_part(troubles_of(result.trials)));
  results.parts.emplace_back("exhausted", result.exhausted);
  results.parts.emplace_back("interrupted", result.interrupted);
  results.parts.emplace_back("study", Json{{"name", place.study}, {"storage", place.storage_url}});
  results.parts.emplace_back("folder", folder.results.string());
  if (!result.untrained.empty())
    results.measured.emplace_back("untrained_layers", result.untrained);
  results.measured.emplace_back("loop_cpu_seconds", result.loop_cpu_seconds);
  results.measured.emplace_back("loop_seconds", result.loop_seconds);
  const std::vector<BestPoint> points = best_points(result);
  results.texts.push_back(best_text(points) + choices_text(points, space));
  results.texts.push_back(summary_text(result, place));
  deliver(results, session, folder.results);
  if (result.interrupted)
    throw run_error(LATHE_CANCELLED,
                    fmt::format("interrupted after {} trials; they are saved in '{}', and the same "
                                "command with --resume goes on",
                                result.trials.size(), folder.results.string()));
}

}  // namespace lathe
