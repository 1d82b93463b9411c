// Layers that a search evaluates though nobody trained them: found, told once, listed. Knows
// nothing of how trials are run.
#pragma once

#include "core/graph/graph.hpp"
#include "core/search/study/trial.hpp"

#include <mutex>
#include <span>

namespace lathe {

// Names of the nodes with parameters that neither a checkpoint nor a training gave, in graph order.
std::vector<std::string> untrained_layers(const Graph& graph);

// Warns of each layer once: of those of the original at once, of those that a transform gives new
// weights when a trial first does. Thread-safe.
class UntrainedLayers {
 public:
  explicit UntrainedLayers(std::vector<std::string> original);
  void add(std::uint64_t trial, const std::vector<std::string>& names);

 private:
  std::mutex mutex_;
  std::vector<std::string> told_;
};

// Those of the original and of the trials in number order, each once: the same whoever ended first.
std::vector<std::string> untrained_in(std::vector<std::string> original,
                                      std::span<const Trial> trials);

}  // namespace lathe
