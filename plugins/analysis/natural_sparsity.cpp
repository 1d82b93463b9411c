// How many weights and activations are zero of themselves, before anything is pruned.
#include <lathe/lathe.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "activations.hpp"
#include "splits.hpp"

namespace {

// Values, and those among them that are zero or not finite.
struct Zeros {
  std::uint64_t values = 0, zeros = 0, nonfinite = 0;

  void see(lathe::span<const float> x) {
    std::uint64_t none = 0, odd = 0;
    for (const float v : x) {
      none += v == 0 ? 1 : 0;
      odd += std::isfinite(v) ? 0 : 1;
    }
    values += x.size();
    zeros += none;
    nonfinite += odd;
  }
  void add(const Zeros& other) {
    values += other.values;
    zeros += other.zeros;
  }
  double sparsity() const { return static_cast<double>(zeros) / static_cast<double>(values); }
  double density() const {
    return static_cast<double>(values - zeros) / static_cast<double>(values);
  }
};

struct Counted {
  lathe::node node;
  std::string operand;
  Zeros zeros;
};

struct NaturalSparsity {
  static constexpr const char* details =
      "Of each weight `sparsity = zeros / values` and `density = 1 - sparsity`, exact zeros of "
      "either sign; with `activations` of each tensor that a node reads too, over the rows of a "
      "split. The averages go by size, `sum(zeros) / sum(values)`, and a weight that several nodes "
      "share counts once in them.\n\n"
      "Publishes the scalars `weight_sparsity`, `weight_density` and, with `activations`, "
      "`activation_sparsity` and `activation_density`; the tables `weights` and `activations`; and "
      "`sparsity` in the metadata of each operand.\n\n"
      "Source: MASE (`add_natural_sparsity_metadata_analysis_pass`), which gives the density under "
      "the name of the sparsity.\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes "
      "natural_sparsity<activations=true,num_samples=512>`";

  static constexpr lathe_option options[] = {
      lathe::bool_option("activations", "Also of what the nodes read.").by_default("false"),
      analysis::split_option("Rows that are seen, in their order.").by_default("train"),
      analysis::kDataLoader,
      analysis::kNumSamples,
      analysis::batch_size_option("Rows at once; 0 means the run's batch_size."),
  };
  static constexpr const char* scalars =
      "weight_sparsity|weight_density|activation_sparsity|activation_density";

  explicit NaturalSparsity(const lathe::options& o)
      : rows_(analysis::rows_of(o)), has_activations_(o.boolean("activations")) {}

  void run(const lathe::graph& graph, const lathe::executor& executor,
           const lathe::weights& weights, const lathe::meta& meta, lathe::report out,
           const lathe::context& context) {
    Zeros total;
    std::set<std::uint64_t> known;
    std::vector<Counted> all;
    for (const lathe::node node : graph.nodes()) {
      for (const lathe::operand operand : node.operands()) {
        if (operand.role() != LATHE_ROLE_WEIGHT || !operand.is_parameter()) continue;
        Counted counted{node, lathe::to_string(operand.name()), {}};
        const lathe_tensor& contents = weights.raw_of(graph, node, operand.name());
        counted.zeros.see(lathe::tensor<const float>(contents));
        weights.release(contents);
        if (known.insert(operand.storage_id()).second) total.add(counted.zeros);
        all.push_back(std::move(counted));
      }
    }
    publish("weight", all, total, {graph, meta, out, context});
    if (!has_activations_) return;
    all = activations(graph, executor);
    total = {};
    for (const Counted& counted : all) total.add(counted.zeros);
    publish("activation", all, total, {graph, meta, out, context});
  }

 private:
  struct Tools {
    const lathe::graph& graph;
    const lathe::meta& meta;
    lathe::report& report;
    const lathe::context& context;
  };

  std::vector<Counted> activations(const lathe::graph& graph,
                                   const lathe::executor& executor) const {
    std::vector<lathe::node_id> nodes;
    std::vector<Counted> all;
    std::map<std::pair<std::uint32_t, std::string_view>, std::size_t> places;
    for (const lathe::node node : graph.nodes()) {
      nodes.push_back(node.id());
      analysis::for_each_read(node, [&](const lathe::operand& operand, bool is_held) {
        if (is_held) return;
        places.emplace(std::pair(node.id().index, operand.name()), all.size());
        all.push_back({node, lathe::to_string(operand.name()), {}});
      });
    }
    executor.observe(graph, rows_, nodes,
                     [&](lathe::node_id id, const lathe::operand& operand, const lathe_tensor& x) {
                       const auto place = places.find({id.index, operand.name()});
                       const bool is_float = x.dl.dtype.code == kDLFloat && x.dl.dtype.bits == 32;
                       if (place == places.end() || !is_float) return;
                       all[place->second].zeros.see(lathe::tensor<const float>(x));
                     });
    return all;
  }

  static void publish(std::string_view what, const std::vector<Counted>& all, const Zeros& total,
                      const Tools& tools) {
    lathe::table table = tools.report.table(
        lathe::join({what, "s"}), {"node", "operand", "values", "zeros", "sparsity", "density"});
    const Counted* first = nullptr;
    for (const Counted& counted : all) {
      if (counted.zeros.values == 0) continue;
      const double sparsity = counted.zeros.sparsity();
      table.row({counted.node.name(), counted.operand, counted.zeros.values, counted.zeros.zeros,
                 sparsity, counted.zeros.density()});
      tools.meta.set(tools.graph, counted.node,
                     lathe::join({"software/args/", counted.operand, "/sparsity"}), sparsity);
      if (first == nullptr && counted.zeros.nonfinite > 0) first = &counted;
    }
    if (total.values > 0) {
      tools.report.scalar(lathe::join({what, "_sparsity"}), total.sparsity());
      tools.report.scalar(lathe::join({what, "_density"}), total.density());
    }
    if (first != nullptr) {
      tools.context.warning(
          lathe::join({lathe::to_string(static_cast<std::int64_t>(first->zeros.nonfinite)),
                       " values of '", first->operand, "' of node '", first->node.name(),
                       "' are not finite; they count as other than zero"}));
    }
  }

  lathe::rows rows_;
  bool has_activations_;
};

}  // namespace

LATHE_ANALYSIS(NaturalSparsity, "natural_sparsity", "1.0.0",
               "Share of exact zeros in weights and activations.")
