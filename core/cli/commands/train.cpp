// lathe train: one training, or the grid of a sweep; then the test split with the best weights.
#include "core/base/log.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/cli/run/dry_run.hpp"
#include "core/cli/run/evaluation.hpp"
#include "core/cli/run/passes.hpp"
#include "core/cli/run/results/data_line.hpp"
#include "core/cli/run/searching/trial.hpp"
#include "core/cli/run/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace lathe {

namespace {

void add_metrics(const Trained& trained, Results& results) {
  const auto& epochs = trained.result.epochs;
  if (trained.evaluation) results.metrics = metrics_of(*trained.evaluation);
  if (epochs.empty()) return;
  results.metrics.emplace_back("epochs", epochs.back().epoch + 1);
  const auto add = [&](const EpochMetrics& epoch, std::string_view prefix, const char* shown) {
    for (const auto& [name, value] : epoch.of(prefix))
      results.metrics.emplace_back(fmt::format("{}{}", shown, name), value);
  };
  add(epochs.back(), kTrainPrefix, "train_");
  const EpochMetrics* best = trained.best_epoch();
  results.metrics.emplace_back("best_epoch", best->epoch + 1);
  if (std::isnan(best->number("validation_loss"))) return;  // there are no validation rows
  add(*best, kValidationPrefix, "best_validation_");
}

void run_single(Session& session, const Graph& graph, const Value& values, const RunFolder& folder,
                Results& results) {
  TrainingOptions options = training_options(values);
  options.folder = folder.results;
  options.resume = folder.resumed;
  const Trained trained = train_once(session, graph, options);
  add_metrics(trained, results);
  if (trained.evaluation) results.parts.emplace_back("split", name(trained.split));
  if (options.early_stopping)
    results.parts.emplace_back("stopped_early", trained.result.stopped_early);
  results.measured.emplace_back("train_cpu_seconds", trained.cpu_seconds);
  results.measured.emplace_back("train_seconds", trained.wall_seconds);
  results.texts.push_back(
      fmt::format("weights and metrics.csv are in {}\n", folder.results.string()));
  if (trained.evaluation)
    results.texts.push_back(fmt::format("best weights on the {} split:\n", name(trained.split)));
}

}  // namespace

void run_train(Session& session) {
  const Settings& settings = session.settings();
  const Pipeline pipeline = chosen_pipeline(session);
  if (printed_pipeline(pipeline, settings)) return;
  session.will_run(pipeline);
  const std::vector<SweepPoint> points = sweep_points(settings);
  const RunFolder folder = choose_run_folder(settings);
  if (settings.get(kDryRun)) {
    describe_run(session, {.pipeline = pipeline, .folder = folder.results, .sweep = &points});
    return;
  }

  RunContext context = session.context(folder.results);
  Results results;
  std::optional<EarlierTrial> trial;
  if (settings.trial) results.parts.emplace_back("trial", trial.emplace(session).part());
  Graph graph = trial ? trial->network(false) : session.build_graph(context);
  prepare_run_folder(folder, settings);
  const Json data =
      data_part(session.dataset(), std::array{Split::train, Split::validation, Split::test});
  log_info("{}", data_line(data));
  results.parts.emplace_back("data", data);
  results.passes = run_passes(pipeline, graph, context, session);
  if (points.empty())
    run_single(session, graph, trial ? trial->training_options() : settings.values, folder,
               results);
  else
    run_sweep(session, graph, points, folder, results);
  results.parts.emplace_back("folder", folder.results.string());
  results.parts.emplace_back("interrupted", session.cancelled().load());
  deliver(results, session, folder.results);
  if (session.cancelled())
    throw run_error(LATHE_CANCELLED,
                    fmt::format("interrupted; what is trained so far is in '{}', and the same "
                                "command with --resume goes on with it",
                                folder.results.string()));
}

}  // namespace lathe
