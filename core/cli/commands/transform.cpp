// lathe transform: the passes in order, then the graph they leave behind.
#include "core/base/file.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/cli/run/dry_run.hpp"
#include "core/cli/run/passes.hpp"
#include "core/cli/run/results/folder.hpp"
#include "core/cli/run/results/results.hpp"
#include "core/cli/run/saved/graph_files.hpp"
#include "core/cli/run/searching/trial.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

// A count is for the screen: a folder is for what has to be kept.
bool changes_graph(const Pipeline& pipeline) {
  return std::ranges::any_of(pipeline.steps, [](const Step& step) {
    return step.component->has(LATHE_FLAG_MUTATES_GRAPH);
  });
}

bool wrote_files(const std::vector<PassReport>& reports) {
  return std::ranges::any_of(reports,
                             [](const PassReport& report) { return !report.files.empty(); });
}

// The model, or the network of a trial.
Graph graph_of_run(Session& session, RunContext& context, Results& results) {
  if (session.settings().trial == nullptr) return session.build_graph(context);
  EarlierTrial trial(session);
  results.parts.emplace_back("trial", trial.part());
  return trial.network(true);
}

}  // namespace

void run_transform(Session& session) {
  const Settings& settings = session.settings();
  const Pipeline pipeline = chosen_pipeline(session);
  if (printed_pipeline(pipeline, settings)) return;
  session.will_run(pipeline);
  const bool changes = changes_graph(pipeline) || settings.trial != nullptr;
  const bool keeps = changes || settings.given(kProject) || settings.given(kProjectDir);
  const RunFolder folder = choose_run_folder(settings);
  if (settings.get(kDryRun)) {
    describe_run(session, {.pipeline = pipeline,
                           .folder = keeps ? folder.results : std::filesystem::path()});
    return;
  }

  RunContext context = session.context(folder.results);
  Results results;
  Graph graph = graph_of_run(session, context, results);
  if (keeps) prepare_run_folder(folder, settings);
  results.passes = run_passes(pipeline, graph, context, session);

  if (changes) {
    const auto saved = folder.results / "transformed_ckpt";
    write_graph(graph, session.origin(graph), saved);
    results.texts.push_back(fmt::format("the transformed graph is in {}\n", saved.string()));
  }
  results.metrics.emplace_back("parameters", graph.parameter_count());
  // A pass that writes a file makes the folder; one that writes it elsewhere does not.
  const bool is_kept = keeps || wrote_files(results.passes);
  if (is_kept) make_folders(folder.results);
  if (is_kept) results.parts.emplace_back("folder", folder.results.string());
  deliver(results, session, is_kept ? folder.results : std::filesystem::path());
}

}  // namespace lathe
