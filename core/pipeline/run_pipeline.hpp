// Runs the passes of a pipeline on a graph.
#pragma once

#include "core/pipeline/hooks.hpp"

namespace lathe {

// Makes an instance of every step, so that what create() refuses is refused before any pass runs.
// Then runs the steps on `graph`; on an error the graph is as after the last good pass.
std::vector<PassReport> run_pipeline(const Pipeline& pipeline, Graph& graph, RunContext& context,
                                     const PipelineHooks& hooks = {});

}  // namespace lathe
