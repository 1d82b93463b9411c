// Costs are computations of the op table (a multiply-accumulate counts as one), per sample.
#include "core/cli/run/dry_run.hpp"

#include "core/cli/run/results/results.hpp"
#include "core/graph/ops/op_table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

Json cost_json(const Graph& graph) {
  double computations = 0;
  double backward = 0;
  for (const NodeId id : graph.order())
    if (const auto cost = cost_of(graph, id)) {
      computations += cost->computations;
      backward += cost->backward_computations;
    }
  const auto batch = static_cast<double>(graph.batch());
  return {{"parameters", graph.parameter_count()},
          {"batch_size", graph.batch()},
          {"flops_per_sample", computations / batch},
          {"backward_flops_per_sample", backward / batch}};
}

// Samples that the runners of a search evaluate per trial: the sum of their num_samples.
std::int64_t samples_per_trial(const SearchPlan& plan) {
  std::int64_t samples = 0;
  for (const Runner& runner : plan.runners)
    if (const Value* count = runner.step.options.find("num_samples");
        count != nullptr && count->is_int())
      samples += count->as_int();
  return samples;
}

std::string space_text(const SearchSpace& space) {
  TextTable table{{"parameter", "choices"}, {}};
  for (const SearchParameter& parameter : space.parameters) {
    std::string text = parameter.text();
    if (parameter.when() != nullptr) text += fmt::format(", when {}", parameter.when()->text());
    table.rows.push_back({parameter.name, text});
  }
  const std::optional<std::uint64_t> networks = space.networks();
  if (!networks) return fmt::format("space without end\n{}", render(table));
  const std::string different =
      *networks == space.size() ? "" : fmt::format(", {} different networks", *networks);
  return fmt::format("space of {} points{}\n{}", space.size(), different, render(table));
}

void add_search(const SearchPlan& plan, const SearchSpace& space, Json& cost, Results& results) {
  const std::uint64_t asked =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, plan.options.n_trials));
  const std::int64_t samples = samples_per_trial(plan);
  cost["trials"] = asked;
  cost["samples_per_trial"] = samples;
  cost["total_flops"] = static_cast<double>(asked) * static_cast<double>(samples) *
                        cost["flops_per_sample"].get<double>();
  results.parts.emplace_back("space", json_of(space.describe()));
  results.texts.push_back(space_text(space));
}

void add_trainings(const Settings& settings, const std::vector<SweepPoint>& sweep, Json& cost,
                   Results& results) {
  std::int64_t epochs = sweep.empty() ? training_options(settings.values).max_epochs : 0;
  Json points = Json::array();
  TextTable table{{"run"}, {}};
  for (const auto& [key, ignored] : settings.sweep.as_map()) table.columns.push_back(key);
  for (const SweepPoint& point : sweep) {
    epochs += training_options(point.run_options).max_epochs;
    points.push_back(json_of(point.options));
    std::vector<std::string> row{std::to_string(table.rows.size())};
    for (const auto& [key, value] : point.options.as_map()) row.push_back(cell_text(value));
    table.rows.push_back(std::move(row));
  }
  cost["trainings"] = std::max<std::size_t>(1, sweep.size());
  cost["epochs"] = epochs;
  cost["flops_per_sample_and_epoch"] =
      cost["flops_per_sample"].get<double>() + cost["backward_flops_per_sample"].get<double>();
  if (sweep.empty()) return;
  results.parts.emplace_back("sweep", points);
  results.texts.push_back(render(table));
}

}  // namespace

void describe_run(Session& session, const Pipeline& pipeline, const SearchPlan* plan,
                  const std::vector<SweepPoint>* sweep) {
  Results results;
  results.parts.emplace_back("dry_run", true);
  results.parts.emplace_back("pipeline", text_of(pipeline));
  results.parts.emplace_back("settings", json_of(session.settings().values));
  results.texts.push_back(
      fmt::format("pipeline: {}\n", pipeline.steps.empty() ? "no passes" : text_of(pipeline)));

  if (const Loading& loading = session.loading(); !loading.empty()) {
    results.parts.emplace_back("load", loading.text());
    results.texts.push_back(fmt::format("loads {}\n", loading.text()));
  }

  const auto note = [&](const std::string& text) {
    results.parts.emplace_back("note", text);
    results.texts.push_back(text + "\n");
  };
  const bool known = session.knows_info_unopened() || !session.has_dataset() ||
                     session.loading().network.has_value();
  // What of it is not known is left to the model: half a truth would build another net.
  const DatasetInfo info = known ? session.unopened_info() : DatasetInfo{};
  RunContext context = session.context({});
  std::optional<Graph> built;
  try {
    built = session.build_graph(context, info);
  } catch (const Error& error) {
    // Without a shape a model may have nothing to go by; with one, the error stands.
    if (known || error.blame() != Blame::usage) throw;
    note(fmt::format("what '{}' holds is in its files, which --dry-run does not open, and {}",
                     session.dataset_choice().text, error.message()));
    deliver(results, session, {});
    return;
  }
  if (!known)
    note(
        fmt::format("what '{}' holds is in its files, which --dry-run does not open; the model's "
                    "own shape and classes are taken",
                    session.dataset_choice().text));
  const Graph& graph = *built;
  Json cost = cost_json(graph);
  if (plan != nullptr) {
    const SearchSpace space =
        build_space(plan->space, graph, session.registry(), session.model_options());
    add_search(*plan, space, cost, results);
  }
  if (sweep != nullptr) add_trainings(session.settings(), *sweep, cost, results);
  TextTable table{{"cost", "value"}, {}};
  for (const auto& [key, value] : cost.items())
    table.rows.push_back({key, number_text(value.get<double>(), 12)});
  results.parts.emplace_back("cost", cost);
  results.texts.push_back(render(table));
  deliver(results, session, {});
}

}  // namespace lathe
