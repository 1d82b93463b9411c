// Reads one trial of a study as it is there: its row and those of five other tables.
#pragma once

#include "core/storage/sqlite/cells.hpp"

#include <functional>
#include <string_view>
#include <unordered_map>

namespace lathe {

// Whether a trial may have another range of a parameter than the study: to Optuna it may.
enum class Ranges { as_described, any };

// The domain that a trial has of a parameter. Throws owner.damaged().
Domain distribution_in(const SQLite::Column& cell, const Owner& owner, std::string_view name);

class TrialReader {
 public:
  // REQUIRES: `study` outlives it.
  explicit TrialReader(const StudyRow& study, Ranges ranges = Ranges::as_described);

  // A trial by its trial_id, with the number that it is to have. Throws run_error for rows that no
  // search wrote, usage_error for those of another search.
  StoredTrial read(std::uint64_t number, std::int64_t id);

 private:
  void read_row(StoredTrial& trial, std::int64_t id, const Owner& owner);
  void read_parameters(StoredTrial& trial, std::int64_t id, const Owner& owner);
  void read_parameter(StoredTrial& trial, std::size_t p, const Owner& owner);
  void check_distribution(std::size_t p, const Owner& owner);
  void read_values(StoredTrial& trial, std::int64_t id, const Owner& owner);
  void read_intermediates(StoredTrial& trial, std::int64_t id, const Owner& owner);
  void read_attributes(SQLite::Statement& rows, std::string_view column, Value& attributes,
                       std::int64_t id, const Owner& owner) const;
  void take_killed(StoredTrial& trial, const Owner& owner) const;

  struct HashOfText : std::hash<std::string_view> {
    using is_transparent = void;
  };

  const StudyRow& study_;
  const Ranges ranges_;
  std::unordered_map<std::string, std::size_t, HashOfText, std::equal_to<>> index_;  // by name
  // The text of a distribution is the same in almost every row: parsed once, then only compared.
  std::vector<std::string> accepted_;
  SQLite::Statement row_, parameters_, values_, intermediates_, attributes_, system_attributes_;
};

}  // namespace lathe
