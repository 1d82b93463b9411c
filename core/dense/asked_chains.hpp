// Chains of graphs that a backend was asked about and that are evaluated next, so that each is read
// once. Knows nothing about how they are computed.
#pragma once

#include "core/dense/chain.hpp"

#include <list>
#include <mutex>

namespace lathe::dense {

// Thread-safe.
class AskedChains {
 public:
  void add(Chain chain);
  // That of the graph, if it was added lately and nobody took it; it is gone then.
  std::optional<Chain> take(const Graph& graph);

 private:
  std::mutex mutex_;
  std::list<Chain> chains_;  // the latest last
};

}  // namespace lathe::dense
