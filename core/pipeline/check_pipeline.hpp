// What a pipeline is refused for, found without data: for --dry-run.
#pragma once

#include "core/pipeline/pipeline.hpp"

namespace lathe {

// Makes an instance of every step and resolves the node maps of its options against `graph`, with
// the warnings of a real run. Steps that change the graph and read neither weights nor data are
// run, so that later ones are checked against what those leave, and so is who uses `graph`
// afterwards; of the others it is taken that they keep the nodes. Throws what the run would.
// REQUIRES: context.drops_files.
void check_pipeline(const Pipeline& pipeline, Graph& graph, RunContext& context);

}  // namespace lathe
