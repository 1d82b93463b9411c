// The steps of a pipeline as instances, and the graph that they call the original.
#pragma once

#include "core/pipeline/pipeline.hpp"

#include <memory>

namespace lathe {

// While it lives, passes that ask for the graph as it was before the first of them get `graph` as
// it is now, unless the context has another already.
class OriginalGraph {
 public:
  OriginalGraph(const Graph& graph, RunContext& context);
  ~OriginalGraph();
  OriginalGraph(const OriginalGraph&) = delete;
  OriginalGraph& operator=(const OriginalGraph&) = delete;

 private:
  std::unique_ptr<const Graph> copy_;  // made only where nobody keeps one yet
  RunContext& context_;
  const Graph* before_;
};

// One for each step, in order. Throws what create() refuses, at the step's place.
std::vector<PassInstance> instances_of(const Pipeline& pipeline, RunContext& context);

}  // namespace lathe
