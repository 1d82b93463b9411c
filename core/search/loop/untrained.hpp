// Layers that a search evaluates though nobody trained them: told once, listed. Knows nothing of
// how trials are run.
#pragma once

#include "core/search/study/trial.hpp"

#include <mutex>
#include <span>

namespace lathe {

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
