// What has changed of the trials of a study since it was read: which, in what state, whose. Asks
// for little: new rows, and rows that had not ended.
#pragma once

#include "core/search/study/shared_study.hpp"
#include "core/storage/optuna/study_row.hpp"

#include <map>

namespace lathe {

class Changes {
 public:
  // REQUIRES: `study` outlives it.
  Changes(const StudyRow& study, const std::string& worker);

  struct Row {
    std::int64_t id = 0;
    std::uint64_t number = 0;
    TrialState state = TrialState::running;
    Whose whose = Whose::others;
  };
  // Rows that are new or not as they were when this was asked last, in number order. Throws
  // run_error if numbers are not 0, 1, 2, ...
  std::vector<Row> read();
  // Whether there are rows that read() has not told of.
  bool there_are_new();

  // That this process itself has ended a trial, or given it back, is no news to it.
  void settled(std::int64_t id, TrialState state);
  // What was read and set since the last of these two counts, or never was: its transaction failed.
  void keep();
  void forget();

 private:
  struct Known {
    TrialState state = TrialState::running;
    Whose whose = Whose::others;
    bool operator==(const Known&) const = default;
  };
  struct State {
    std::uint64_t count = 0;                                       // of trials
    std::int64_t last = 0;                                         // newest trial_id
    std::map<std::int64_t, std::pair<std::uint64_t, Known>> open;  // by trial_id: not ended
  };
  Row row_of(Statement& row) const;
  std::string open_ids() const;

  const StudyRow& study_;
  State now_, kept_;
  const std::string worker_;
  Statement newer_, changed_, any_;
};

}  // namespace lathe
