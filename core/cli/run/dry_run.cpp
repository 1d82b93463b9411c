// Costs are computations of the op table (a multiply-accumulate counts as one), per sample.
#include "core/cli/run/dry_run.hpp"

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/cli/run/results/results.hpp"
#include "core/cli/run/searching/forecast.hpp"
#include "core/data/known_sets.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/pipeline/check_pipeline.hpp"
#include "core/report/terminal.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <set>

namespace lathe {

namespace {

// Ops without a counting rule go to `uncounted`.
Json cost_json(const Graph& graph, std::set<std::string>& uncounted) {
  double computations = 0;
  double backward = 0;
  for (const NodeId id : graph.order()) {
    if (const auto cost = cost_of(graph, id)) {
      computations += cost->computations;
      backward += cost->backward_computations;
    } else {
      uncounted.emplace(graph.node(id).op);
    }
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
  const std::string size = space.size_text(), networks = space.networks_text();
  if (size.empty()) return fmt::format("space without end\n{}", output_table(table));
  const std::string different =
      networks == size ? "" : fmt::format(", {} different networks", networks);
  return fmt::format("space of {} points{}\n{}", size, different, output_table(table));
}

void add_search(Session& session, const SearchPlan& plan, const SearchSpace& space,
                const Graph& graph, Json& cost, Results& results) {
  const std::uint64_t asked =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, plan.options.n_trials));
  const std::int64_t samples = samples_per_trial(plan);
  cost["trials"] = asked;
  cost["samples_per_trial"] = samples;
  cost["total_flops"] = static_cast<double>(asked) * static_cast<double>(samples) *
                        cost["flops_per_sample"].get<double>();
  RunContext context = session.context({});
  context.drops_files = true;
  add_forecast(session, plan, space, graph, samples, context, cost);
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
  results.texts.push_back(output_table(table));
}

// As it is written, in the folder, or in a folder of that: archives bring some.
bool is_there(const std::filesystem::path& file, const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::exists(file, error) || fs::exists(folder / file, error)) return true;
  fs::directory_iterator entries(folder, error);
  return !error && std::any_of(entries, {}, [&](const fs::directory_entry& entry) {
    std::error_code ignored;
    return entry.is_directory(ignored) && fs::exists(entry.path() / file, ignored);
  });
}

// Counting needs none of a set that says beforehand what its rows are.
bool opens_data(const Session& session, const Pipeline& pipeline) {
  if (!session.has_dataset()) return false;
  if (!session.settings().command->data_optional || !session.knows_info_unopened()) return true;
  return std::ranges::any_of(pipeline.steps, [](const Step& step) {
    return step.component->has(LATHE_FLAG_EXECUTES) || step.component->has(LATHE_FLAG_READS_DATA);
  });
}

// A file of one split is opened with that; one of all, unless what is asked for has files of its
// own.
bool is_opened(const Session& session, const std::string& option) {
  if (const auto split = split_from_name(option)) return session.asks_for(*split);
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    const Value* own = session.dataset_choice().options.find(name(split));
    if (session.asks_for(split) && (own == nullptr || own->is_none())) return true;
  }
  return false;
}

// A file that an option of the data set names: as it is written, or in the set's folder.
void check_data_files(const Session& session) {
  const Chosen& chosen = session.dataset_choice();
  const auto folder = data_dir_from(session.settings().text(kDataDir)) / chosen.component->id;
  for (const Option& option : chosen.component->options.options) {
    const Value* value = chosen.options.find(option.key);
    if (option.type != LATHE_OPTION_PATH || value == nullptr || !value->is_string()) continue;
    if (!is_opened(session, option.key)) continue;
    const std::filesystem::path named = value->as_string();
    if (named.empty() || is_there(named, folder)) continue;
    const std::string also =
        named.is_absolute() ? "" : fmt::format(", '{}'", (folder / named).string());
    throw run_error(LATHE_NOT_FOUND,
                    fmt::format("option '{}' of data set '{}': there is no such file; looked for: "
                                "'{}'{}",
                                option.key, chosen.component->id, named.string(), also),
                    value->position());
  }
}

using Note = std::function<void(const std::string&)>;

// The network of the run; nothing if what it is made of stands in the data alone, which is noted.
std::optional<Graph> graph_of(Session& session, RunContext& context, const Note& note) {
  const bool known = session.knows_info_unopened() || !session.has_dataset() ||
                     session.loading().network.has_value();
  const std::string unopened =
      fmt::format("what '{}' holds is in its files, which --dry-run does not open",
                  session.dataset_choice().text);
  try {
    // What of it is not known is left to the model: half a truth would build another net.
    Graph graph = session.build_graph(context, known ? session.unopened_info() : DatasetInfo{});
    if (!known) note(unopened + "; the model's own shape and classes are taken");
    return graph;
  } catch (const Error& error) {
    // Without a shape a model may have nothing to go by, and its own may not be that of the
    // weights; with one, the error stands. So does one of weights that are none.
    if (known || error.code() != LATHE_INVALID_ARGUMENT) throw;
    const std::filesystem::path weights = session.settings().text(kLoadName);
    if (!weights.empty() && !std::filesystem::is_directory(weights)) read_checkpoint(weights);
    note(fmt::format("{}, and {}", unopened, error.message()));
    return std::nullopt;
  }
}

void describe_cost(Session& session, const DryRun& run, const Graph& graph, Results& results) {
  std::set<std::string> uncounted;
  Json cost = cost_json(graph, uncounted);
  if (!uncounted.empty())
    log_warning("the cost leaves out what has no counting rule: {}", fmt::join(uncounted, ", "));
  if (run.plan != nullptr) {
    const SearchSpace space =
        build_space(run.plan->space, graph, session.registry(), session.model_options());
    if (run.check_space) run.check_space(space);
    check_space(*run.plan, space);
    for (const std::string& warning : space.warnings) log_warning("{}", warning);
    add_search(session, *run.plan, space, graph, cost, results);
  }
  if (run.sweep != nullptr) add_trainings(session.settings(), *run.sweep, cost, results);
  TextTable table{{"cost", "value"}, {}};
  for (const auto& [key, value] : cost.items())
    table.rows.push_back({key, number_text(value.get<double>(), 12)});
  results.parts.emplace_back("cost", cost);
  results.texts.push_back(output_table(table));
}

}  // namespace

void describe_run(Session& session, const DryRun& run) {
  Results results;
  const std::string pipeline = text_of(run.pipeline);
  results.parts.emplace_back("dry_run", true);
  results.parts.emplace_back("pipeline", pipeline);
  results.parts.emplace_back("settings", json_of(session.settings().values));
  results.texts.push_back(fmt::format("pipeline: {}\n", pipeline.empty() ? "no passes" : pipeline));

  if (const Loading& loading = session.loading(); !loading.empty()) {
    results.parts.emplace_back("load", loading.text());
    results.texts.push_back(fmt::format("loads {}\n", loading.text()));
  }

  if (!run.folder.empty()) check_can_make_folders(run.folder);
  if (run.plan != nullptr) {  // a search, which has the option
    const std::string url = session.settings().text(kStorage);
    if (!url.empty()) check_storage(url);
  }
  if (opens_data(session, run.pipeline)) check_data_files(session);
  RunContext context = session.context({});
  context.drops_files = true;
  std::optional<Graph> graph = graph_of(session, context, [&](const std::string& text) {
    results.parts.emplace_back("note", text);
    results.texts.push_back(text + "\n");
  });
  if (graph) {
    check_pipeline(run.pipeline, *graph, context);
    describe_cost(session, run, *graph, results);
  }
  deliver(results, session, {});
}

}  // namespace lathe
