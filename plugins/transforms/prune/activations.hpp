// Nodes that prune the input of layers, put before them.
#pragma once

#include "criterion.hpp"
#include "settings.hpp"

namespace pruning {

// Ops of this plugin.
constexpr const char* kLargest = "prune_activation";
constexpr const char* kByChance = "prune_activation_random";

struct ActivationPruning {
  const lathe::graph& graph;
  const lathe::executor& executor;
  const lathe::context& context;
  const Settings& settings;
  bool mase = false;

  void run(lathe::edit& edit, lathe::report& out, const lathe::meta& meta) const;
};

}  // namespace pruning
