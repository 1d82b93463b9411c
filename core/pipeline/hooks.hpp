// What happens around each pass: printing, timing, verifying. No pass contains any of it.
#pragma once

#include "core/pipeline/pipeline.hpp"

namespace lathe {

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

}  // namespace lathe
