// lathe test: what loaded weights make of a split, row by row and, of a classifier, by class.
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/cli/run/dry_run.hpp"
#include "core/cli/run/evaluation.hpp"
#include "core/cli/run/model_path.hpp"
#include "core/cli/run/passes.hpp"
#include "core/cli/run/results/data_line.hpp"
#include "core/cli/run/results/folder.hpp"
#include "core/cli/run/searching/trial.hpp"
#include "core/report/csv.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace lathe {

namespace {

Split chosen_split(const Settings& settings) {
  const std::string word = settings.get(kSplit);
  const auto split = split_from_name(word);
  if (!split)
    throw usage_error(fmt::format("'{}' is no split; known: train, validation, test", word),
                      settings.value(kSplit).position());
  return *split;
}

Error nothing_to_test(const Session& session, Split split) {
  const Chosen& chosen = session.dataset_choice();
  const bool by_option = chosen.component->options.find(name(split)) != nullptr;
  return run_error(
      LATHE_NOT_FOUND,
      fmt::format(
          "'{}' has no rows in its {} split; {}--split takes another one", chosen.text, name(split),
          by_option ? fmt::format("give a file by its option '{}', or ", name(split)) : ""));
}

TextTable predictions(Loss loss, const Tensor& outputs, const Tensor& targets) {
  if (loss != Loss::cross_entropy) return prediction_table(outputs, targets);
  return prediction_table(outputs, predictions_of(outputs), targets.values<std::int64_t>());
}

// Tables of classes or labels; a matrix that is wider than the screen is in its file alone.
void add_class_tables(const Evaluation& evaluation, const Field& target,
                      const std::filesystem::path& folder, Results& results) {
  if (!evaluation.has("support_per_class")) return;
  results.tables.push_back(class_table(evaluation, target));
  ReportTable matrix = matrix_table(evaluation, target);
  const std::filesystem::path file = folder / (matrix.name + ".csv");
  write_atomically(file, csv_text(text_table(matrix)));
  const Statistic& statistic = *find_statistic(matrix.name);
  results.parts.emplace_back(matrix.name, json_of(evaluation.value(statistic)));
  if (fits_the_screen(matrix)) {
    results.tables.push_back(std::move(matrix));
  } else {
    results.texts.push_back(fmt::format("{} of {} classes is wider than the screen; it is in {}\n",
                                        matrix.name, matrix.rows.size(), file.string()));
  }
}

void evaluate_split(Session& session, Graph& graph, Split split, const RunContext& context,
                    const RunFolder& folder, Results& results) {
  const Dataset& data = session.dataset();
  const DatasetInfo info = data.info();
  // Of tokens this is the last run of the network: nobody would read the activations it leaves.
  if (info.target() != nullptr && info.target()->of_classes() && info.target()->shape.rank() > 0)
    session.executor().set_cache_limit(0);
  Rows rows{split, 0, context.rows_evaluated_at_once()};
  rows.loss = context.loss;
  rows.by_class = true;
  rows.cancelled = &session.cancelled();
  const Evaluation evaluation = session.executor().evaluate(graph, data, rows);
  results.metrics = metrics_of(evaluation);
  // Of tokens there are as many logits as a vocabulary has words for each: nobody reads them.
  if (evaluation.has("tokens")) {
    results.parts.emplace_back("split", name(split));
    results.texts.push_back(fmt::format("{} split\n", name(split)));
    return;
  }
  const Tensor outputs = session.executor().outputs(graph, data, rows);
  const auto place = static_cast<std::size_t>(info.target() - info.fields.data());
  write_atomically(
      folder.results / "predictions.csv",
      csv_text(predictions(evaluation.loss(), outputs, data.all(split).fields[place])));
  add_class_tables(evaluation, *info.target(), folder.results, results);
  results.parts.emplace_back("split", name(split));
  results.texts.push_back(fmt::format("{} split; predictions are in {}\n", name(split),
                                      (folder.results / "predictions.csv").string()));
}

// What the search measured, on the rows that it measured it on.
void repeat_trial(EarlierTrial& trial, Graph& graph, Results& results) {
  const Scalars scalars = trial.measured(graph);
  for (const Value* metrics : {&scalars.software, &scalars.hardware})
    for (const auto& [metric, value] : metrics->as_map())
      results.metrics.emplace_back(metric, value);
  if (trial.trial().state != TrialState::complete) return;
  const std::vector<std::string> others = differing_metrics(trial.trial(), scalars);
  if (others.empty())
    results.texts.push_back(fmt::format("trial {}, as its study has it\n", trial.trial().number));
  else
    log_warning("these are not as the study of trial {} has them: {}", trial.trial().number,
                fmt::join(others, ", "));
}

}  // namespace

void run_test(Session& session) {
  const Settings& settings = session.settings();
  const Pipeline pipeline = chosen_pipeline(session);
  if (printed_pipeline(pipeline, settings)) return;
  session.will_run(pipeline);
  const Split split = chosen_split(settings);
  const bool has_weights = !settings.text(kLoadName).empty() || brings_weights(settings);
  if (!has_weights && settings.trial == nullptr)
    throw usage_error(
        "'lathe test' needs trained weights: --load RUN (the folder of a training, one of its "
        "checkpoints, a saved graph, or weights of PyTorch, Lightning or safetensors), or --trial "
        "RUN:NUMBER, a trial of a search");
  // A training needs others, and so may what a search evaluates on.
  if (settings.trial == nullptr) session.ask_for({split});
  const RunFolder folder = choose_run_folder(settings);
  if (settings.get(kDryRun)) {
    describe_run(session, {.pipeline = pipeline, .folder = folder.results});
    return;
  }
  RunContext context = session.context(folder.results);
  Results results;
  std::optional<EarlierTrial> trial;
  if (settings.trial) results.parts.emplace_back("trial", trial.emplace(session).part());
  // Of a trial the rows are those of its search, unless others are asked for.
  const bool own_rows = trial && !settings.given(kSplit);
  Graph graph = trial ? trial->network(true) : session.build_graph(context);
  if (!own_rows && session.dataset().count(split) == 0) throw nothing_to_test(session, split);
  prepare_run_folder(folder, settings);
  if (!own_rows) {
    const Json part = data_part(session.dataset(), std::array{split});
    log_info("{}", data_line(part));
    results.parts.emplace_back("data", part);
  }
  results.passes = run_passes(pipeline, graph, context, session);
  if (own_rows)
    repeat_trial(*trial, graph, results);
  else
    evaluate_split(session, graph, split, context, folder, results);
  results.parts.emplace_back("folder", folder.results.string());
  deliver(results, session, folder.results);
}

}  // namespace lathe
