// What the tables [passes.prune.weight] and [passes.prune.activation] ask for.
#pragma once

#include <lathe/lathe.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pruning {

struct Settings {
  bool given = false;
  double sparsity = 0;
  std::vector<std::pair<std::string, double>> of_nodes;  // by name, in place of `sparsity`
  bool global = false, by_channel = false, random = false;
  std::string split;  // of activations: where a global threshold is looked for
  std::uint64_t samples = 0;
};

// `table` is "weight" or "activation"; throws what is no sparsity.
Settings settings_of(const lathe::options& options, std::string_view table);

// A layer with what is asked for of its weight or its input.
struct Layer {
  lathe::node node;
  double sparsity = 0;
};

// The layers that are pruned. If the table is given: those that it names, or else those that the
// node map names "prune", or else all modules that are linear, conv1d or conv2d. And those that the
// node map gives a sparsity of their own: its option `own`, eg: "weight_sparsity".
std::vector<Layer> layers_of(const lathe::graph& graph, const Settings& settings,
                             std::string_view table, std::string_view own);

}  // namespace pruning
