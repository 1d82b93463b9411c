// Masks of weights, and of the biases of channels that are pruned.
#pragma once

#include "criterion.hpp"
#include "settings.hpp"

namespace pruning {

struct WeightPruning {
  const lathe::graph& graph;
  const lathe::weights& weights;
  const lathe::rng& rng;
  const lathe::context& context;
  const Settings& settings;
  bool mase = false;
  std::uint64_t seed = 0;

  // Sets the masks and publishes what is pruned.
  void run(lathe::edit& edit, lathe::report& out, const lathe::meta& meta) const;
};

}  // namespace pruning
