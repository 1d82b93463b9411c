// Which passes a command runs, and what is watched around them.
#pragma once

#include "core/cli/run/session.hpp"
#include "core/pipeline/run_pipeline.hpp"

namespace lathe {

// transform: --passes, else [passes] of the file; one of them must be there.
// train, test, search: --passes; [passes] only with --with-passes, though it is checked always.
Pipeline chosen_pipeline(const Session& session);
// The same of other settings, eg: those of an earlier search.
Pipeline pipeline_of(const Settings& settings, const Registry& registry);

// --allow-uncounted, for a pass that counts and does not say itself what it allows.
void apply_to_counting(const Settings& settings, Step& step);

// --print-pipeline: prints it as text or as TOML; true if that was asked for, and is all to do.
bool printed_pipeline(const Pipeline& pipeline, const Settings& settings);

// Runs it on `graph`, which the passes can compare with what it was before the first of them.
std::vector<PassReport> run_passes(const Pipeline& pipeline, Graph& graph, RunContext context,
                                   Session& session);

}  // namespace lathe
