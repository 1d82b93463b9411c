// Which trials are given up while they train. A decision is a pure function of the trial's own
// intermediate values and of those of the trials it is told, so the loop decides who those are: the
// trials below number - lookahead, whatever the number of workers. Knows nothing of training.
#pragma once

#include "core/search/search.hpp"

namespace lathe {

// A network's progress, one number per step, and which way is better.
struct Watch {
  enum class Source { validation_loss, validation_accuracy, runners };
  Source source = Source::validation_loss;
  std::string metric;  // published by a runner
  double scale = 1.0;
  lathe_direction direction = LATHE_MINIMIZE;
};
// By the pruner's option `watch`. Without it, the first metric if that is loss or accuracy, taken
// from the epoch's validation; else the validation loss. Throws usage_error for an unknown word.
Watch watch_of(const SearchOptions& options);

class Pruner {
 public:
  virtual ~Pruner() = default;
  // Whether `trial`, which has just reported the last of its intermediate values, is to be given
  // up. `told` are the other trials that count; their states and intermediate values, and nothing
  // else, matter. Adds to the rungs that `trial` has completed.
  virtual bool prune(Trial& trial, std::span<const Trial* const> told) const = 0;
};

// The pruner that the options name; null if it is "none". Throws usage_error.
std::unique_ptr<Pruner> make_pruner(const SearchOptions& options);

// One row per pruner, "none" left out.
struct PrunerRow {
  std::string id, doc;
  OptionTable options;
};
const std::vector<PrunerRow>& pruner_rows();
// The options as the pruner takes them, defaults filled in; an empty map for "none". Throws
// usage_error for an unknown pruner.
Value check_pruner(const ComponentText& pruner);

}  // namespace lathe
