// Which trials are given up while they train. A decision is a pure function of the trial's own
// intermediate values and of those of the trials it is told, so the loop decides who those are: the
// trials below number - lookahead, whatever the number of workers. Knows nothing of training.
#pragma once

#include "core/options/text/component_text.hpp"
#include "core/search/plan/metrics.hpp"
#include "core/search/study/trial.hpp"

namespace lathe {

// A network's progress, one number per step, and which way is better.
struct Watch {
  enum class Source { epoch, runners };
  Source source = Source::epoch;
  std::string name = "validation_loss";  // a column of the epoch's metrics, or a runner's scalar
  double scale = 1.0;
  lathe_direction direction = LATHE_DIRECTION_MINIMIZE;
};

class Pruner {
 public:
  virtual ~Pruner() = default;
  // Whether `trial`, which has just reported the last of its intermediate values, is to be given
  // up. `told` are the other trials that count; their states and intermediate values, and nothing
  // else, matter. Adds to the rungs that `trial` has completed.
  virtual bool prune(Trial& trial, std::span<const Trial* const> told) const = 0;
};

// One row per pruner, "none" left out.
struct PrunerRow {
  std::string id, doc;
  OptionTable options;
  // An option that is estimated where it is NA or "auto", which bootstrap_count forbids; empty:
  // none.
  std::string estimated;
  std::unique_ptr<Pruner> (*make)(const Value& options, lathe_direction direction);
};
const std::vector<PrunerRow>& pruner_rows();

// A pruner that is known, its options checked.
class PrunerChoice {
 public:
  PrunerChoice() = default;                                   // "none"
  explicit operator bool() const { return row_ != nullptr; }  // false: "none"
  const std::string& name() const { return name_; }
  const Value& options() const { return options_; }  // defaults filled in
  // By the option `watch`. Without it, the first metric if an epoch's validation tells it, taken
  // from there; else the validation loss.
  const Watch& watch() const { return watch_; }
  std::unique_ptr<Pruner> make() const;  // null: "none"

 private:
  friend PrunerChoice choose_pruner(const ComponentText& pruner, std::span<const Metric> metrics);

  const PrunerRow* row_ = nullptr;
  std::string name_ = "none";
  Value options_{Value::Map{}};
  Watch watch_;
};

// Throws usage_error for an unknown pruner, for options that it does not take, and for a `watch`
// that is none of the metrics.
PrunerChoice choose_pruner(const ComponentText& pruner, std::span<const Metric> metrics);

}  // namespace lathe
