// An ordered list of passes with their options, and the hooks around each. Printing, timing and
// verifying are hooks; no pass contains them.
#pragma once

#include "core/host/instances/instances.hpp"
#include "core/options/component_text.hpp"

namespace lathe {

// One step, resolved against the registry and checked: everything that can be refused without a
// graph has been.
struct Step {
  const Component* component;
  Value options;
  Position position;
};

struct Pipeline {
  std::vector<Step> steps;
};

// From [passes.NAME] tables, in file order. NAME may be a MASE alias (config/mase.hpp), or any
// label if the table says `pass = "flops"`: so a pass can stand in a file twice.
Pipeline pipeline_from_config(const Value& passes, const Registry& registry);
// From --passes.
Pipeline pipeline_from_text(std::string_view text, const Registry& registry);
std::string text_of(const Pipeline& pipeline);  // round-trips
Value config_of(const Pipeline& pipeline);      // the [passes] table

// Called around each pass; all may be empty.
struct PipelineHooks {
  std::function<void(const Step&, const Graph& before)> before;
  std::function<void(const Step&, const Graph& before, const Graph& after, const PassReport&,
                     double seconds)>
      after;
};
// The standard ones, after LLVM: --verify-each, --time-passes, --print-after=PASS, --print-changed.
struct HookOptions {
  bool verify_each = false;
  bool time_passes = false;
  std::vector<std::string> print_after;
  bool print_changed = false;
};

// `sink` gets whole lines; by default they go to standard error, as LLVM's do.
PipelineHooks standard_hooks(const HookOptions& options,
                             std::function<void(std::string_view)> sink = {});

// Makes an instance of every step, so that what create() refuses is refused before any pass runs.
// Then runs the steps on `graph`; on an error the graph is as after the last good pass.
std::vector<PassReport> run_pipeline(const Pipeline& pipeline, Graph& graph, RunContext& context,
                                     const PipelineHooks& hooks = {});

}  // namespace lathe
