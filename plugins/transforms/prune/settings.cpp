#include "settings.hpp"

#include "../node_names.hpp"

#include <algorithm>

namespace pruning {

namespace {

double checked_sparsity(lathe::value_view given, std::string_view of, std::string_view table) {
  const bool number = given.kind() == LATHE_VALUE_FLOAT || given.kind() == LATHE_VALUE_INT;
  if (number && given.real() >= 0 && given.real() <= 1) return given.real();
  throw lathe::invalid_argument(
      lathe::join({"the sparsity", of.empty() ? "" : " of '", of, of.empty() ? "" : "'",
                   " must be a number from 0 to 1, the part that is pruned",
                   of.empty() ? ", or a table of them by node" : ""}))
      .at_option(table);
}

bool is_target(const lathe::node& node) {
  return node.is_module() &&
         (node.op() == "linear" || node.op() == "conv1d" || node.op() == "conv2d");
}

bool is_named(const lathe::graph::chosen& chosen) { return chosen.options.has("name"); }

void check_layer(const lathe::node& node, std::string_view option) {
  if (node.is_module() && node.find_operand("weight") && node.input_count() == 1) return;
  throw lathe::invalid_argument("it is no layer with a weight, and nothing of it can be pruned")
      .at_node(node)
      .at_option(option);
}

// The sparsities that the entries of one source say, by place in the graph's order.
class Choice {
 public:
  explicit Choice(const lathe::graph& graph) : nodes_(graph.nodes()) {
    for (const lathe::node node : nodes_) {
      const std::uint32_t id = node.id().index;
      if (id >= sparsity_.size()) sparsity_.resize(id + 1);
    }
  }
  void set(lathe::node_id node, double sparsity) { sparsity_[node.index] = sparsity; }
  std::vector<Layer> layers() const {
    std::vector<Layer> all;
    for (const lathe::node node : nodes_) {
      if (const auto& sparsity = sparsity_[node.id().index]) all.push_back({node, *sparsity});
    }
    return all;
  }

 private:
  lathe::node_range nodes_;
  std::vector<std::optional<double>> sparsity_;
};

}  // namespace

Settings settings_of(const lathe::options& options, std::string_view table) {
  Settings settings;
  const lathe::options given(options[table]);
  settings.given = options.has(table);
  const lathe::value_view sparsity = given["sparsity"];
  if (sparsity.kind() == LATHE_VALUE_MAP) {
    for (const lathe_entry& entry : sparsity.entries()) {
      const std::string_view node = lathe::to_view(entry.key);
      settings.of_nodes.emplace_back(lathe::to_string(node),
                                     checked_sparsity(&entry.value, node, table));
    }
  } else if (!sparsity.is_none()) {
    settings.sparsity = checked_sparsity(sparsity, "", table);
  }
  settings.global = given.text_or("scope", "local") == "global";
  settings.by_channel = given.text_or("granularity", "elementwise") == "channel";
  settings.random = given.text_or("method", "l1-norm") == "random";
  settings.split = given.text_or("split", "train");
  settings.samples = static_cast<std::uint64_t>(given.integer_or("samples", 64));
  if (settings.global && !settings.of_nodes.empty()) {
    throw lathe::invalid_argument(
        "with scope = global there is one sparsity for all layers together; with one for each node "
        "the scope is local")
        .at_option(table);
  }
  return settings;
}

std::vector<Layer> layers_of(const lathe::graph& graph, const Settings& settings,
                             std::string_view table, std::string_view own) {
  Choice choice(graph);
  const std::vector<lathe::graph::chosen> all = graph.choose("nodes");
  if (settings.given && settings.of_nodes.empty()) {
    const bool named = std::any_of(all.begin(), all.end(), is_named);
    for (const auto& chosen : all) {
      if (!is_named(chosen)) continue;
      check_layer(chosen.node, "nodes");
      choice.set(chosen.node, settings.sparsity);
    }
    for (const lathe::node node : graph.nodes()) {
      if (!named && is_target(node)) choice.set(node, settings.sparsity);
    }
  }
  for (const auto& [name, sparsity] : settings.of_nodes) {
    const lathe::node node = node_names::find(graph, name, table);
    check_layer(node, table);
    choice.set(node, sparsity);
  }
  for (const auto& chosen : all) {
    if (!chosen.options.has(own)) continue;
    check_layer(chosen.node, "nodes");
    if (settings.global) {
      throw lathe::invalid_argument(
          lathe::join({"with scope = global there is one sparsity for all layers together, and '",
                       own, "' is one of its own"}))
          .at_node(chosen.node)
          .at_option("nodes");
    }
    choice.set(chosen.node, chosen.options.real(own));
  }
  return choice.layers();
}

}  // namespace pruning
