// The results of nodes that an evaluation finds of earlier ones and leaves for later ones. Knows
// which are worth keeping, and nothing about how they are made.
#pragma once

#include "core/plugin/registry.hpp"
#include "core/run/cache.hpp"

#include "core/graph/graph.hpp"

namespace lathe::run {

// By node id: its result follows from random numbers of a stochastic format, or from an op
// that is not repeatable. Nothing of it is ever kept.
std::vector<bool> random_nodes(const Graph& graph, const Registry& registry);

class Activations {
 public:
  // Of an evaluation, those that a search comes back to. `on`: the rows, their portions and who
  // computes. `rows` there are; they must all outlive this.
  Activations(const Graph& graph, const std::vector<bool>& random, Cache& cache,
              const ContentHash& on, std::int64_t rows);
  // Of these nodes alone.
  Activations(const Graph& graph, const std::vector<bool>& random, Cache& cache,
              const ContentHash& on, std::int64_t rows, const std::vector<NodeId>& nodes);

  // What an earlier evaluation left of a node; null: it must be computed.
  Stored find(NodeId id) const;
  // True if a computed result is to be kept.
  bool keeps(NodeId id) const;
  void keep(NodeId id, Stored contents, std::uint64_t bytes);

 private:
  const Graph& graph_;
  const std::vector<bool>& random_;
  Cache& cache_;
  ContentHash on_;
  std::int64_t rows_;
  std::vector<bool> worth_;
};

}  // namespace lathe::run
