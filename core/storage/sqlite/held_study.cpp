// Reads everything that a program may ask for at once, and writes one trial at a time.
#include "core/storage/sqlite/held_study.hpp"

#include "core/base/clock.hpp"
#include "core/base/words/suggest.hpp"
#include "core/options/text/json.hpp"
#include "core/search/space/written_space.hpp"
#include "core/storage/optuna/columns.hpp"
#include "core/storage/optuna/json.hpp"

#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

namespace lathe {
namespace {

constexpr std::string_view kPrefix = "lathe:";       // of our study attributes
constexpr std::string_view kFixed = "fixed_params";  // of a trial that waits

class SqliteHeldStudy final : public HeldStudy {
 public:
  SqliteHeldStudy(SQLite::Database& database, const std::string& name) : database_(database) {
    description_.name = name;
    find();
    read_directions();
    read_attributes();
    read_trials();
    read_params();
    read_fixed();
    read_values();
  }

  const StudyDescription& description() const override { return description_; }
  const std::vector<HeldTrial>& trials() const override { return trials_; }

  void write(const HeldTrial& trial, const std::vector<StoredParameter>& parameters) override {
    const bool is_new = trial.number == trials_.size();
    if (is_new) {
      add(trial);
    } else {
      update(trial);
    }
    const std::int64_t id = ids_[trial.number];
    if (trial.state == TrialState::waiting) return write_fixed(id, trial.params);
    write_params(id, trial, parameters);
    for (std::size_t objective = 0; objective < trial.values.size(); ++objective)
      write_value(id, objective, trial.values[objective]);
  }

 private:
  Error damaged(const std::string& what) const {
    return run_error(LATHE_DATA_LOSS,
                     fmt::format("the study '{}' in '{}' is damaged: {}", description_.name,
                                 database_.getFilename(), what));
  }

  void find() {
    SQLite::Statement rows(database_, "SELECT study_id FROM studies WHERE study_name = ?");
    if (!bound(rows, description_.name).executeStep())
      throw usage_error(fmt::format("there is no study '{}' in '{}'{}", description_.name,
                                    database_.getFilename(),
                                    suggestion(description_.name, study_names(database_))));
    id_ = rows.getColumn(0).getInt64();
  }

  void read_directions() {
    SQLite::Statement rows(database_,
                           "SELECT direction FROM study_directions WHERE study_id = ? ORDER BY "
                           "objective");
    bound(rows, id_);
    while (rows.executeStep()) {
      const std::string word = rows.getColumn(0).getString();
      if (word != "MINIMIZE" && word != "MAXIMIZE")
        throw damaged(fmt::format("it has the direction '{}'", word));
      description_.directions.push_back(word == "MINIMIZE" ? LATHE_DIRECTION_MINIMIZE
                                                           : LATHE_DIRECTION_MAXIMIZE);
    }
    if (description_.directions.empty()) throw damaged("it has no directions");
  }

  void read_attributes() {
    SQLite::Statement rows(database_,
                           "SELECT key, value_json FROM study_user_attributes WHERE study_id = ?");
    bound(rows, id_);
    while (rows.executeStep()) {
      const std::string key = rows.getColumn(0).getString();
      if (!key.starts_with(kPrefix)) continue;
      const std::string name = key.substr(kPrefix.size());
      const Value value = parsed(rows.getColumn(1).getString(), key);
      if (name == "space") {
        add_space(value);
      } else {
        description_.user_attributes.set(name, value);
      }
    }
  }

  Value parsed(const std::string& text, const std::string& where) const {
    try {
      return parse_json(text, where);
    } catch (const Error& error) {
      throw damaged(fmt::format("{}: {}", where, error.message()));
    }
  }

  void add_space(const Value& written) {
    if (!written.is_map() || written.as_map().empty()) return;
    try {
      for (SearchParameter& parameter : read_written_space(written).parameters) {
        StoredParameter row;
        row.name = parameter.name;
        static_cast<Domain&>(row) = parameter;
        row.condition = parameter.condition;
        row.written = parameter.given;
        description_.parameters.push_back(std::move(row));
      }
    } catch (const Error& error) {
      throw damaged(fmt::format("its search space: {}", error.message()));
    }
  }

  void read_trials() {
    SQLite::Statement rows(database_,
                           "SELECT trial_id, number, state, datetime_start, datetime_complete FROM "
                           "trials WHERE study_id = ? ORDER BY number, trial_id");
    bound(rows, id_);
    while (rows.executeStep()) {
      HeldTrial trial;
      trial.number = trials_.size();
      if (rows.getColumn(1).getInt64() != static_cast<std::int64_t>(trial.number))
        throw damaged(fmt::format("it has no trial {}", trial.number));
      const std::string word = rows.getColumn(2).getString();
      const auto state = state_of_word(word);
      if (!state)
        throw damaged(fmt::format("trial {} is in no known state: '{}'", trial.number, word));
      trial.state = *state;
      trial.started = time_of_local_text(rows.getColumn(3).getString());
      trial.completed = time_of_local_text(rows.getColumn(4).getString());
      ids_.push_back(rows.getColumn(0).getInt64());
      number_of_[ids_.back()] = trials_.size();
      trials_.push_back(std::move(trial));
    }
  }

  HeldTrial& trial_of(std::int64_t id) { return trials_[number_of_.at(id)]; }

  void read_params() {
    SQLite::Statement rows(database_,
                           "SELECT p.trial_id, param_name, param_value, distribution_json FROM "
                           "trial_params p JOIN trials t ON t.trial_id = p.trial_id WHERE "
                           "t.study_id = ? ORDER BY param_id");
    bound(rows, id_);
    while (rows.executeStep()) {
      HeldTrial& trial = trial_of(rows.getColumn(0).getInt64());
      const std::string name = rows.getColumn(1).getString();
      const SearchParameter& parameter = domain_of(name, rows.getColumn(3).getString());
      const double number = rows.getColumn(2).getDouble();
      if (rows.getColumn(2).isNull() || !parameter.takes(number))
        throw damaged(fmt::format("trial {} has {} for '{}', which takes {}", trial.number, number,
                                  name, parameter.text()));
      trial.params.set(name, parameter.value(number, name));
    }
  }

  // The same text stands in almost every row: parsed once.
  const SearchParameter& domain_of(const std::string& name, const std::string& json) {
    const auto known = domains_.find({name, json});
    if (known != domains_.end()) return known->second;
    const Value written = parsed(json, fmt::format("the distribution of '{}'", name));
    SearchParameter parameter;
    try {
      parameter = read_parameter(name, written);
    } catch (const Error& error) {
      throw damaged(fmt::format("the distribution of '{}': {}", name, error.message()));
    }
    const auto there = std::ranges::find(description_.parameters, name, &StoredParameter::name);
    if (there == description_.parameters.end()) {
      StoredParameter row;
      row.name = name;
      static_cast<Domain&>(row) = parameter;
      description_.parameters.push_back(std::move(row));
    }
    return domains_.emplace(std::pair(name, json), std::move(parameter)).first->second;
  }

  void read_fixed() {
    SQLite::Statement rows(database_,
                           "SELECT a.trial_id, value_json FROM trial_system_attributes a JOIN "
                           "trials t ON t.trial_id = a.trial_id WHERE t.study_id = ? AND key = ? "
                           "AND t.state = 'WAITING'");
    bound(rows, id_, kFixed);
    while (rows.executeStep()) {
      HeldTrial& trial = trial_of(rows.getColumn(0).getInt64());
      const Value fixed = parsed(rows.getColumn(1).getString(), std::string(kFixed));
      if (!fixed.is_map())
        throw damaged(fmt::format("trial {} has {} in {}", trial.number, fixed.text(), kFixed));
      for (const auto& [name, value] : fixed.as_map()) trial.params.set(name, value);
    }
  }

  void read_values() {
    SQLite::Statement rows(database_,
                           "SELECT v.trial_id, objective, value, value_type FROM trial_values v "
                           "JOIN trials t ON t.trial_id = v.trial_id WHERE t.study_id = ? ORDER BY "
                           "v.trial_id, objective");
    bound(rows, id_);
    while (rows.executeStep()) {
      HeldTrial& trial = trial_of(rows.getColumn(0).getInt64());
      if (trial.state != TrialState::complete) continue;
      if (rows.getColumn(1).getInt64() != static_cast<std::int64_t>(trial.values.size()))
        throw damaged(fmt::format("trial {} lacks a value of objective {}", trial.number,
                                  trial.values.size()));
      trial.values.push_back(value_in(trial, rows.getColumn(3).getString(), rows.getColumn(2)));
    }
    for (const HeldTrial& trial : trials_)
      if (trial.state == TrialState::complete &&
          trial.values.size() != description_.directions.size())
        throw damaged(fmt::format("trial {} has {} of {} values", trial.number, trial.values.size(),
                                  description_.directions.size()));
  }

  double value_in(const HeldTrial& trial, const std::string& type,
                  const SQLite::Column& cell) const {
    if (type == "INF_POS") return std::numeric_limits<double>::infinity();
    if (type == "INF_NEG") return -std::numeric_limits<double>::infinity();
    if (type != "FINITE" || cell.isNull())
      throw damaged(fmt::format("trial {} has a value that is no number", trial.number));
    return cell.getDouble();
  }

  void add(const HeldTrial& trial) {
    SQLite::Statement insert(
        database_,
        "INSERT INTO trials (number, study_id, state, datetime_start) VALUES (?, ?, ?, ?)");
    const std::string started = local_text(trial.started);
    const bool waits = trial.state == TrialState::waiting;
    run(insert, static_cast<std::int64_t>(trial.number), id_, state_word(trial.state),
        waits ? nullptr : started.c_str());
    ids_.push_back(database_.getLastInsertRowid());
    trials_.push_back(trial);
  }

  void update(const HeldTrial& trial) {
    SQLite::Statement change(database_,
                             "UPDATE trials SET state = ?, datetime_start = ?, datetime_complete = "
                             "? WHERE trial_id = ?");
    const std::string completed = local_text(trial.completed);
    run(change, state_word(trial.state), local_text(trial.started),
        ended(trial.state) ? completed.c_str() : nullptr, ids_[trial.number]);
    trials_[trial.number] = trial;
  }

  void write_fixed(std::int64_t id, const Value& params) {
    SQLite::Statement insert(
        database_,
        "INSERT INTO trial_system_attributes (trial_id, key, value_json) VALUES (?, ?, ?)");
    run(insert, id, kFixed, json_text(params));
  }

  void write_params(std::int64_t id, const HeldTrial& trial,
                    const std::vector<StoredParameter>& parameters) {
    SQLite::Statement insert(
        database_,
        "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES "
        "(?, ?, ?, ?) ON CONFLICT DO NOTHING");
    for (const StoredParameter& parameter : parameters)
      if (const Value* value = trial.params.find(parameter.name); value != nullptr)
        if (const auto number = parameter.number_of(*value))
          run(insert, id, parameter.name, *number, distribution_json(parameter));
  }

  void write_value(std::int64_t id, std::size_t objective, double value) {
    SQLite::Statement insert(
        database_,
        "INSERT OR REPLACE INTO trial_values (trial_id, objective, value, value_type) VALUES (?, "
        "?, ?, ?)");
    // SQLite takes a NaN for NULL.
    run(insert, id, static_cast<std::int64_t>(objective),
        std::isfinite(value) ? value : std::nan(""), value_type(value));
  }

  SQLite::Database& database_;
  std::int64_t id_ = 0;
  StudyDescription description_;
  std::vector<HeldTrial> trials_;
  std::vector<std::int64_t> ids_;  // trial_id by number
  std::unordered_map<std::int64_t, std::size_t> number_of_;
  std::map<std::pair<std::string, std::string>, SearchParameter> domains_;  // by name and JSON
};

}  // namespace

std::vector<std::string> study_names(SQLite::Database& database) {
  return with_errors_of(database.getFilename(), [&] {
    SQLite::Statement rows(database, "SELECT study_name FROM studies ORDER BY study_id");
    std::vector<std::string> names;
    while (rows.executeStep()) names.push_back(rows.getColumn(0).getString());
    return names;
  });
}

void hold_sqlite_study(SQLite::Database& database, const std::string& name, Hold hold,
                       const std::function<void(HeldStudy&)>& act) {
  with_errors_of(database.getFilename(), [&] {
    SQLite::Transaction transaction(database, hold == Hold::to_write
                                                  ? SQLite::TransactionBehavior::IMMEDIATE
                                                  : SQLite::TransactionBehavior::DEFERRED);
    SqliteHeldStudy study(database, name);
    act(study);
    transaction.commit();
  });
}

}  // namespace lathe
