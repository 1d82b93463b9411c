// Reads one trial of a study as it is there: its row and those of five other tables.
#pragma once

#include "core/storage/optuna/cells.hpp"

#include <functional>
#include <span>
#include <string_view>
#include <unordered_map>

namespace lathe {

// Whether a trial may have another range of a parameter than the study: to Optuna it may.
enum class Ranges { as_described, any };

// The domain that a trial has of a parameter. Throws owner.damaged().
Domain distribution_in(const Cell& cell, const Owner& owner, std::string_view name);

// Where a trial stands: its trial_id, and the number that it is to have.
struct TrialPlace {
  std::uint64_t number = 0;
  std::int64_t id = 0;
};

class TrialReader {
 public:
  // REQUIRES: `study` outlives it.
  explicit TrialReader(const StudyRow& study, Ranges ranges = Ranges::as_described);

  // The trials there, in that order; a database that is far away is asked for many at once. Throws
  // run_error for rows that no search wrote, usage_error for those of another search.
  std::vector<StoredTrial> read(std::span<const TrialPlace> places);
  StoredTrial read(std::uint64_t number, std::int64_t id);

 private:
  struct Asked {
    StoredTrial trial;
    std::int64_t id = 0;
    std::size_t values = 0;  // rows of them
    bool there = false;
  };
  using Group = std::vector<Asked>;

  // A table's statements: for one trial, and for a group of them.
  struct Table {
    std::string columns, name;
    std::optional<Statement> one, many;
  };
  Owner owner_of(const Asked& asked) const;
  Statement& statement_for(Table& table, const Group& group) const;
  // Calls `read` with each row of the group's trials; columns count from 1 on.
  template <typename Read>
  void each_row(Table& table, Group& group, const Read& read) const;

  void read_group(Group& group);
  void read_outcomes(Group& group);
  static void read_row(Asked& asked, Statement& row, const Owner& owner);
  void read_parameter(StoredTrial& trial, Statement& row, const Owner& owner);
  void check_distribution(std::size_t p, const Cell& cell, const Owner& owner);
  void read_value(Asked& asked, Statement& row, const Owner& owner) const;
  void read_attributes(Table& table, Value StoredTrial::* attributes, Group& group) const;
  static void check_values(const Asked& asked, std::size_t objectives, const Owner& owner);
  static void sort_intermediates(StoredTrial& trial, const Owner& owner);
  static void take_killed(StoredTrial& trial, const Owner& owner);

  struct HashOfText : std::hash<std::string_view> {
    using is_transparent = void;
  };

  const StudyRow& study_;
  const Ranges ranges_;
  std::unordered_map<std::string, std::size_t, HashOfText, std::equal_to<>> index_;  // by name
  // The text of a distribution is the same in almost every row: parsed once, then only compared.
  std::vector<std::string> accepted_;
  Table row_{"state, datetime_start, datetime_complete", "trials", {}, {}};
  Table parameters_{"param_name, param_value, distribution_json", "trial_params", {}, {}};
  Table values_{"objective, value, value_type", "trial_values", {}, {}};
  Table intermediates_{
      "step, intermediate_value, intermediate_value_type", "trial_intermediate_values", {}, {}};
  Table attributes_{"key, value_json", "trial_user_attributes", {}, {}};
  Table system_attributes_{"key, value_json", "trial_system_attributes", {}, {}};
};

}  // namespace lathe
