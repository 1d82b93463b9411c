// lathe test: loss and accuracies of loaded weights on a split, class by class.
#include "core/base/file.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/cli/run/dry_run.hpp"
#include "core/cli/run/evaluation.hpp"
#include "core/cli/run/passes.hpp"
#include "core/cli/run/results/folder.hpp"
#include "core/report/csv.hpp"

#include <fmt/format.h>

namespace lathe {

namespace {

// One row per sample; logits as the shortest decimals that read back as the same floats.
void write_predictions(const std::filesystem::path& path, const Tensor& logits,
                       const std::vector<std::int64_t>& predicted,
                       std::span<const std::int64_t> labels) {
  const auto values = logits.values<float>();
  const auto classes = static_cast<std::size_t>(logits.shape()[1]);
  TextTable table{{"row", "label", "predicted"}, {}};
  for (std::size_t c = 0; c < classes; ++c) table.columns.push_back(fmt::format("logit_{}", c));
  for (std::size_t row = 0; row < predicted.size(); ++row) {
    std::vector<std::string> cells{std::to_string(row), std::to_string(labels[row]),
                                   std::to_string(predicted[row])};
    for (const float value : values.subspan(row * classes, classes))
      cells.push_back(fmt::format("{}", value));
    table.rows.push_back(std::move(cells));
  }
  write_atomically(path, csv_text(table));
}

Split chosen_split(const Settings& settings) {
  const std::string word = settings.get(kSplit);
  const auto split = split_from_name(word);
  if (!split)
    throw usage_error(fmt::format("'{}' is no split; known: train, validation, test", word),
                      settings.value(kSplit).position());
  return *split;
}

}  // namespace

void run_test(Session& session) {
  const Settings& settings = session.settings();
  const Pipeline pipeline = chosen_pipeline(session);
  if (printed_pipeline(pipeline, settings)) return;
  const Split split = chosen_split(settings);
  if (settings.text(kLoadName).empty())
    throw usage_error(
        "'lathe test' needs trained weights: --load FILE (safetensors, a PyTorch state_dict or a "
        "Lightning checkpoint)");
  if (settings.get(kDryRun)) {
    describe_run(session, pipeline);
    return;
  }

  const RunFolder folder = choose_run_folder(settings);
  RunContext context = session.context(folder.results);
  Graph graph = session.build_graph(context);
  const Dataset& data = session.dataset();
  if (data.count(split) == 0)
    throw run_error(LATHE_NOT_FOUND,
                    fmt::format("'{}' has no rows in its {} split; --split takes another one",
                                data.id(), name(split)));
  prepare_run_folder(folder, settings);
  Results results;
  results.passes = run_passes(pipeline, graph, context, settings);

  const Rows rows{split, 0, settings.get(kBatchSize), &session.cancelled()};
  results.metrics = metrics_of(session.executor().evaluate(graph, data, rows));
  const Tensor logits = session.executor().logits(graph, data, rows);
  const auto predicted = predictions_of(logits);
  const auto labels = data.all(split).labels.values<std::int64_t>();
  results.tables.push_back(class_table(predicted, labels, data.info()));
  write_predictions(folder.results / "predictions.csv", logits, predicted, labels);
  results.parts.emplace_back("split", name(split));
  results.parts.emplace_back("folder", folder.results.string());
  results.texts.push_back(fmt::format("{} split; predictions are in {}\n", name(split),
                                      (folder.results / "predictions.csv").string()));
  deliver(results, session, folder.results);
}

}  // namespace lathe
