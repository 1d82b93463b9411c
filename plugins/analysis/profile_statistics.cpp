// Statistics of weights and activations, and of what enters the network.
#include <lathe/lathe.hpp>

#include <algorithm>
#include <map>
#include <optional>

#include "activations.hpp"
#include "splits.hpp"
#include "statistics/catalogue.hpp"
#include "statistics/profiled.hpp"
#include "statistics/targets.hpp"

namespace {

using statistics::By;
using statistics::Choice;
using statistics::Profiled;
using statistics::Targets;

constexpr const char* kWeights = "weight_statistics";
constexpr const char* kActivations = "activation_statistics";

// Columns of the tables beside node, operand and statistic.
constexpr const char* kResults[] = {"count",      "min",           "max",      "range",
                                    "mean",       "variance",      "abs_mean", "nonfinite",
                                    "data_shape", "size_in_bytes", "file"};

struct ProfileStatistics {
  static constexpr const char* details =
      "Of each weight and buffer of the nodes `target_weight_nodes`, of each tensor that the "
      "nodes `target_activation_nodes` read, and always of what enters the network, it gathers "
      "the statistics that are asked for. A sample is one row of an activation, of shape `[1, "
      "...]`, or a whole weight; of a layer with number formats both are seen before them. With "
      "n values `x`, of the magnitudes where `abs` is set:\n\n"
      "- `variance_online`: `mean = sum(x)/n`, `variance = sum((x - mean)^2)/n`;\n"
      "- `variance_precise`: the same with `variance = sum((x - mean)^2)/(n - 1)`;\n"
      "- `range_n_sigma`: `min, max = mean -+ num_sigma * sqrt(variance)`, the variance of "
      "`var_mode`;\n"
      "- `range_min_max`: the smallest and the largest;\n"
      "- `range_quantile`: the quantiles `1 - q` and `q`, interpolated at position `q * (n - "
      "1)` of the sorted values;\n"
      "- `abs_mean`: `sum(|x|)/n`;\n"
      "- `record`: every value, in `record/NODE.OPERAND.npy` of the pass's folder.\n\n"
      "`count` is n; too few values give `NA`. Values that are not finite are left out, counted "
      "as `nonfinite`, and a warning names the first node that has them. The size of the "
      "batches changes results by rounding in double precision at most, the number of threads "
      "not at all. Quantiles over more than 262,144 values run the network a second time, in "
      "constant memory.\n\n"
      "Publishes the tables `weights` and `activations`, the scalars `profiled_tensors` and "
      "`samples`, and `stat` in the metadata of each operand, which has results of many numbers "
      "in full (`report_node_meta_param` prints it). Without either table of statistics it "
      "gathers `variance_precise` of weights and `range_quantile` of activations.\n\n"
      "Source: MASE (`profile_statistics_analysis_pass`); variances are merged as in Chan, "
      "Golub and LeVeque (1979).\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes "
      "profile_statistics<target_weight_nodes=[linear],num_samples=512>`";

  static constexpr lathe_option options[] = {
      lathe::choice_option("by", "name|type", "Whether targets are names of nodes or ops.")
          .by_default("type"),
      lathe::string_list_option("target_weight_nodes",
                                "Nodes whose weights and buffers are profiled; NA: all.")
          .nullable()
          .by_default("NA"),
      lathe::string_list_option("target_activation_nodes",
                                "Nodes whose inputs are profiled; NA: all.")
          .nullable()
          .by_default("NA"),
      lathe::table_option(kWeights, "Statistics of weights, each a table of its options.")
          .with_items(statistics::kStatistics),
      lathe::table_option(kActivations, "Statistics of activations, each a table of its options.")
          .with_items(statistics::kStatistics),
      analysis::split_option("Rows that are seen, in their order.").by_default("train"),
      analysis::kDataLoader,
      analysis::kNumSamples,
      analysis::batch_size_option("Rows at once; 0 means the run's batch_size."),
      lathe::bool_option("profile_output_activation", "Also what the target nodes give.")
          .by_default("false"),
  };
  static constexpr const char* scalars = "profiled_tensors|samples";

  ProfileStatistics(const lathe::options& o, const lathe::context& context)
      : by_(o.text("by") == "name" ? By::name : By::type),
        weight_targets_(Targets::of(o, "target_weight_nodes")),
        activation_targets_(Targets::of(o, "target_activation_nodes")),
        weight_choices_(statistics::choices_of(o, kWeights)),
        activation_choices_(statistics::choices_of(o, kActivations)),
        rows_(analysis::rows_of(o)),
        has_results_(o.boolean("profile_output_activation")),
        by_default_(!o.has(kWeights) && !o.has(kActivations)) {
    for (const char* table : {kWeights, kActivations}) warn_of_devices(o[table], table, context);
  }

  void run(const lathe::graph& graph, const lathe::executor& executor,
           const lathe::weights& weights, const lathe::meta& meta, lathe::report out,
           const lathe::context& context) {
    if (by_default_) choose_defaults();
    if (weight_choices_.empty() && activation_choices_.empty()) {
      context.warning("no statistic is asked for, so nothing is profiled");
    }
    std::vector<Profiled> of_weights = weight_tensors(graph, context);
    std::vector<Profiled> of_activations = activation_tensors(graph, context);
    warn_of_dims(of_weights, weight_choices_, kWeights, context);
    warn_of_dims(of_activations, activation_choices_, kActivations, context);
    see_weights(graph, weights, of_weights, context);
    std::uint64_t samples = 0;
    if (!activation_choices_.empty()) {
      samples = see_activations(graph, executor, of_activations, context);
    }
    publish("weights", graph, meta, of_weights, out, context);
    publish("activations", graph, meta, of_activations, out, context);
    out.scalar("profiled_tensors", of_weights.size() + of_activations.size());
    out.scalar("samples", samples);
  }

 private:
  static void warn_of_devices(lathe::value_view table, const char* option,
                              const lathe::context& context) {
    if (table.is_none()) return;
    for (const lathe_entry& e : table.entries()) {
      const lathe::value_view device = lathe::value_view(&e.value).find("device");
      if (device.is_none() || device.text() == "cpu") continue;
      context.warning(lathe::join({"statistics are computed on the CPU; 'device' of '", option, ".",
                                   lathe::to_view(e.key), "' is ", device.text()}));
    }
  }

  void choose_defaults() {
    weight_choices_ = {
        {"variance_precise", lathe::value::map({{"dims", "all"}}), statistics::Dims()}};
    activation_choices_ = {
        {"range_quantile",
         lathe::value::map({{"dims", "all"}, {"abs", false}, {"quantile", 0.975}}),
         statistics::Dims()}};
  }

  std::vector<Profiled> weight_tensors(const lathe::graph& graph,
                                       const lathe::context& context) const {
    std::vector<Profiled> tensors;
    for (const lathe::node& node :
         targeted(graph, by_, weight_targets_, "target_weight_nodes", context)) {
      if (weight_choices_.empty()) break;
      for (const lathe::operand operand : node.operands()) {
        const bool is_weight = operand.is_parameter() || operand.is_buffer();
        // What counts batches is no number of the network's.
        if (!is_weight || !operand.is_tensor() || operand.name() == "num_batches_tracked") continue;
        tensors.emplace_back(node, operand, true).gather(weight_choices_, kWeights);
      }
    }
    return tensors;
  }

  std::vector<Profiled> activation_tensors(const lathe::graph& graph,
                                           const lathe::context& context) const {
    std::vector<Profiled> tensors;
    const std::vector<lathe::node> targets =
        targeted(graph, by_, activation_targets_, "target_activation_nodes", context);
    if (activation_choices_.empty()) return tensors;
    const auto add = [&](const lathe::node& node, const lathe::operand& operand, bool is_once) {
      tensors.emplace_back(node, operand, is_once).gather(activation_choices_, kActivations);
    };
    std::size_t next = 0;
    for (const lathe::node node : graph.nodes()) {
      const bool is_target = next < targets.size() && targets[next].id() == node.id();
      next += is_target ? 1 : 0;
      if (is_target) {
        analysis::for_each_read(node, [&](const lathe::operand& operand, bool is_held) {
          add(node, operand, is_held);
        });
      }
      if (!node.is_placeholder() && !(is_target && has_results_)) continue;
      for (const lathe::operand operand : node.operands()) {
        if (operand.is_output() && operand.is_tensor()) add(node, operand, false);
      }
    }
    return tensors;
  }

  // Dimensions that are listed must be those of some tensor; one that has fewer gets NA.
  static void warn_of_dims(const std::vector<Profiled>& tensors, const std::vector<Choice>& choices,
                           const char* table, const lathe::context& context) {
    for (const Choice& choice : choices) {
      const Profiled* first = nullptr;
      bool any = tensors.empty();
      for (const Profiled& t : tensors) {
        const bool fits = choice.dims.fits(t.rank());
        any = any || fits;
        if (!fits && first == nullptr) first = &t;
      }
      if (first == nullptr) continue;
      const std::string text =
          lathe::join({"'dims' of ", choice.name, " lists dimensions that ", any ? "some" : "all",
                       " tensors lack: '", first->operand(), "' of node '", first->node().name(),
                       "' has ", lathe::to_string(static_cast<std::int64_t>(first->rank()))});
      if (!any) throw lathe::invalid_argument(text).at_option(table);
      context.warning(lathe::join({table, ": ", text, "; they get NA"}));
    }
  }

  static void see_weights(const lathe::graph& graph, const lathe::weights& weights,
                          std::vector<Profiled>& tensors, const lathe::context& context) {
    for (Profiled& t : tensors) {
      context.stop_if_cancelled();
      const lathe_tensor& contents = weights.raw_of(graph, t.node(), t.operand());
      t.see(contents, 0, context);
      if (t.begin_second_pass()) t.see(contents, 0, context);
      weights.release(contents);
    }
  }

  // How many rows were seen.
  std::uint64_t see_activations(const lathe::graph& graph, const lathe::executor& executor,
                                std::vector<Profiled>& tensors,
                                const lathe::context& context) const {
    std::vector<Profiled*> active;
    for (Profiled& t : tensors) active.push_back(&t);
    const std::uint64_t samples = observe(graph, executor, active, context);
    if (samples < rows_.samples) {
      context.warning(lathe::join({"num_samples is ",
                                   lathe::to_string(static_cast<std::int64_t>(rows_.samples)),
                                   ", but the split '", rows_.split, "' has ",
                                   lathe::to_string(static_cast<std::int64_t>(samples)), " rows"}));
    }
    const auto is_done = [](Profiled* t) { return !t->begin_second_pass(); };
    active.erase(std::remove_if(active.begin(), active.end(), is_done), active.end());
    if (!active.empty()) observe(graph, executor, active, context);
    return samples;
  }

  std::uint64_t observe(const lathe::graph& graph, const lathe::executor& executor,
                        const std::vector<Profiled*>& tensors,
                        const lathe::context& context) const {
    std::map<std::pair<std::uint32_t, std::string_view>, Profiled*> places;
    std::vector<lathe::node_id> nodes;
    for (Profiled* t : tensors) {
      places[{t->node().id().index, t->operand()}] = t;
      if (nodes.empty() || nodes.back() != t->node().id()) nodes.push_back(t->node().id());
    }
    std::uint64_t rows = 0;
    executor.observe(graph, rows_, nodes,
                     [&](lathe::node_id id, const lathe::operand& operand, const lathe_tensor& x,
                         const lathe_observation& seen) {
                       rows = std::max(rows, seen.first_row + seen.rows);
                       const auto found = places.find({id.index, operand.name()});
                       if (found == places.end()) return;
                       Profiled& t = *found->second;
                       if (t.is_seen_once() && seen.batch != 0) return;
                       t.see(x, t.is_seen_once() ? 0 : seen.rows, context);
                     });
    return rows;
  }

  static void publish(const char* name, const lathe::graph& graph, const lathe::meta& meta,
                      const std::vector<Profiled>& tensors, lathe::report& out,
                      const lathe::context& context) {
    if (tensors.empty()) return;
    std::vector<Row> rows;
    for (const Profiled& t : tensors) {
      std::vector<Profiled::File> files;
      const lathe::value results = t.results(files);
      for (const Profiled::File& file : files) out.file(file.path, file.contents);
      meta.set(graph, t.node(),
               lathe::join(
                   {t.is_result() ? "software/results/" : "software/args/", t.operand(), "/stat"}),
               results);
      lathe::value::storage arrays;
      const lathe_value all = results.c_value(arrays);
      for (const lathe_entry& e : lathe::value_view(&all).entries()) rows.push_back(row_of(t, e));
    }
    add_table(name, rows, out);
    warn_of_nonfinite(name, tensors, context);
  }

  struct Row {
    std::vector<lathe::value> place;  // node, operand, statistic
    std::vector<std::optional<lathe::value>> results;
  };

  static Row row_of(const Profiled& t, const lathe_entry& statistic) {
    Row row{{t.node().name(), t.operand(), lathe::to_view(statistic.key)}, {}};
    for (const char* key : kResults) {
      const lathe::value_view found = lathe::value_view(&statistic.value).find(key);
      row.results.push_back(found ? std::optional(cell(found)) : std::nullopt);
    }
    return row;
  }

  // With the columns that some statistic fills.
  static void add_table(const char* name, const std::vector<Row>& rows, lathe::report& out) {
    std::vector<std::string_view> columns{"node", "operand", "statistic"};
    std::vector<std::size_t> filled;
    for (std::size_t i = 0; i < std::size(kResults); ++i) {
      if (std::none_of(rows.begin(), rows.end(), [i](const Row& r) { return r.results[i]; })) {
        continue;
      }
      filled.push_back(i);
      columns.emplace_back(kResults[i]);
    }
    lathe::table table = out.table(name, columns);
    for (const Row& row : rows) {
      std::vector<lathe::value> cells = row.place;
      for (const std::size_t i : filled) cells.push_back(row.results[i].value_or(lathe::value()));
      table.row(cells);
    }
  }

  // Lists that are short stand as they are; of others their shape.
  static lathe::value cell(lathe::value_view result) {
    constexpr std::uint64_t kShown = 4;
    if (result.kind() == LATHE_VALUE_STRING && result.text() == "NA") return {};
    if (result.kind() != LATHE_VALUE_LIST) return lathe::value(result);
    if (result.size() <= kShown && result.size() > 0 && result[0].kind() != LATHE_VALUE_LIST) {
      return lathe::value(result);
    }
    std::string text;
    while (result.kind() == LATHE_VALUE_LIST) {
      text += lathe::join(
          {text.empty() ? "" : " x ", lathe::to_string(static_cast<std::int64_t>(result.size()))});
      if (result.size() == 0) break;
      result = result[0];
    }
    return text + " values";
  }

  static void warn_of_nonfinite(const char* what, const std::vector<Profiled>& tensors,
                                const lathe::context& context) {
    const Profiled* first = nullptr;
    std::int64_t others = -1;
    for (const Profiled& t : tensors) {
      if (t.nonfinite() == 0) continue;
      if (first == nullptr) first = &t;
      ++others;
    }
    if (first == nullptr) return;
    context.warning(lathe::join(
        {"statistics of ", what, " leave out values that are not finite: ",
         lathe::to_string(static_cast<std::int64_t>(first->nonfinite())), " of '", first->operand(),
         "' of node '", first->node().name(), "'",
         others > 0 ? lathe::join({", and some of ", lathe::to_string(others), " more tensors"})
                    : std::string()}));
  }

  By by_;
  Targets weight_targets_, activation_targets_;
  std::vector<Choice> weight_choices_, activation_choices_;
  lathe::rows rows_;
  bool has_results_, by_default_;
};

}  // namespace

LATHE_ANALYSIS(ProfileStatistics, "profile_statistics", "1.0.0",
               "Statistics of weights, activations and the network's input.")
