// A trial of an earlier search, built again for another command: the network that it had, and what
// the search measured of it.
#pragma once

#include "core/cli/run/results/results.hpp"
#include "core/cli/run/saved/saved_search.hpp"
#include "core/search/loop/trial_runner.hpp"

namespace lathe {

// REQUIRES: the session's settings have a trial; the session outlives it.
class EarlierTrial {
 public:
  // Builds the network that the search began with, and reads the trial in its study. Throws
  // usage_error for a study that was begun otherwise and for a trial that it does not have.
  explicit EarlierTrial(Session& session);
  EarlierTrial(const EarlierTrial&) = delete;
  EarlierTrial& operator=(const EarlierTrial&) = delete;

  const Trial& trial() const { return trial_; }
  bool trains() const { return plan_->training.has_value(); }
  // Whether its runners open data and engine.
  bool executes() const;

  // The network with what the trial chose, and, if the search trains and `trained`, with the
  // weights that its training leaves. What the session says of its graph follows.
  Graph network(bool trained);
  // What the search's runners say of it, as the search had it. REQUIRES: network() was called.
  Scalars measured(Graph& graph);
  // Options of the search's training and of the point, where the command line says nothing else;
  // over the session's.
  Value training_options() const;

  // "trial" of the report.
  Json part() const;

 private:
  Session& session_;
  const SavedSearch& saved_;
  const Settings search_;
  RunContext context_;
  CheckedPlan plan_;
  Graph original_;
  SearchSpace space_;
  Trial trial_;
  std::optional<TrialRunner> runner_;
};

// Scalars of both kinds that are not those of the trial, by name; empty: it is the same to the bit.
std::vector<std::string> differing_metrics(const Trial& trial, const Scalars& now);

}  // namespace lathe
