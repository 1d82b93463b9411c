// Writes the trials of a study with prepared statements.
#pragma once

#include "core/storage/optuna/trial_index.hpp"
#include "core/storage/sql/row_group.hpp"

namespace lathe {

class TrialWriter {
 public:
  // `index`: the trials that the study has. REQUIRES: `study` outlives it.
  TrialWriter(const StudyRow& study, TrialIndex index);
  // Adds the trial, which is then the last, or brings the row it has up to date.
  void write(const StoredTrial& trial);
  // Brings only state, times and values up to date.
  void end(const StoredTrial& trial);
  // The same and all that an outcome brings: the parameters are there.
  void finish(const StoredTrial& trial);
  // The trials that have a number; waiting ones of others come behind them.
  TrialIndex& index() { return index_; }

 private:
  void insert(const StoredTrial& trial);
  void update(const StoredTrial& trial);
  void forget_rows(std::int64_t id);
  void write_rows(const StoredTrial& trial);
  void write_outcome(std::int64_t id, const StoredTrial& trial);
  void write_values(std::int64_t id, const std::vector<double>& values);
  void write_parameters(std::int64_t id, const std::vector<double>& numbers);
  static void write_attributes(RowGroup& rows, std::int64_t id, const Value& attributes);

  const StudyRow& study_;
  TrialIndex index_;
  Statement insert_, take_up_, update_;
  RowGroup parameters_, values_, attributes_, system_attributes_;
  Statement forget_parameters_, forget_values_, forget_intermediates_, intermediate_;
  std::vector<std::size_t> existing_;  // parameters of the trial that is written
};

}  // namespace lathe
