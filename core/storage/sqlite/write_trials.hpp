// Writes the trials of a study with prepared statements.
#pragma once

#include "core/storage/sqlite/row_group.hpp"
#include "core/storage/sqlite/study_row.hpp"

namespace lathe {

class TrialWriter {
 public:
  // `ids`: trial_id by number of the trials that the study has. REQUIRES: `study` outlives it.
  TrialWriter(const StudyRow& study, std::vector<std::int64_t> ids);
  // Adds the trial, which is then the last, or brings the row it has up to date.
  void write(const StoredTrial& trial);
  // How many trials have a number; waiting ones of others come behind them.
  std::size_t count() const { return ids_.size(); }

 private:
  void insert(const StoredTrial& trial);
  void update(const StoredTrial& trial);
  void write_rows(const StoredTrial& trial);
  void write_parameters(std::int64_t id, const std::vector<double>& numbers);
  static void write_attributes(RowGroup& rows, std::int64_t id, const Value& attributes);

  const StudyRow& study_;
  std::vector<std::int64_t> ids_;
  SQLite::Statement insert_, take_up_, update_;
  RowGroup parameters_, values_, attributes_, system_attributes_;
  SQLite::Statement forget_intermediates_, intermediate_;
  std::vector<std::size_t> existing_;  // parameters of the trial that is written
};

}  // namespace lathe
