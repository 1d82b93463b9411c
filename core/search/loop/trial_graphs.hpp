// From a point of a space to the graph of its trial, before any training. Knows nothing of runners.
#pragma once

#include "core/search/space/space.hpp"

#include "core/host/instances/pass_instance.hpp"

namespace lathe {

// Keeps an instance of each transform. Not thread-safe.
class TrialGraphs {
 public:
  // `original`: the graph that the space is of. Both must outlive it.
  TrialGraphs(const SearchSpace& space, const Graph& original);

  // `from`, transformed as the point says: the original, or the model as it was built for the
  // point. Of the transforms only those that `runs` says; empty: all.
  Graph at(std::span<const double> point, const Graph& from, RunContext& context,
           const std::function<bool(const Component&)>& runs = {});

 private:
  std::vector<NodeOptions> nodes_in(const Graph& graph, std::vector<NodeOptions> nodes) const;
  PassInstance& transform(const Component& component, RunContext& context);

  const SearchSpace& space_;
  const Graph& original_;
  const bool searches_model_;
  std::vector<std::pair<const Component*, PassInstance>> transforms_;
};

}  // namespace lathe
