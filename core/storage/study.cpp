// A study: compared with what the search expects when it is opened, read once, then written in
// groups with prepared statements.
#include "core/storage/study.hpp"

#include "core/storage/json.hpp"
#include "core/storage/rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace lathe {
namespace {

// Study attributes of ours; Optuna's own and the user's have other names.
constexpr std::string_view kPrefix = "lathe:";

class SqliteStudy final : public Study {
 public:
  SqliteStudy(std::shared_ptr<Database> database, const StudyDescription& description)
      : database_(std::move(database)), description_(description) {
    for (std::size_t p = 0; p < description_.parameters.size(); ++p) {
      index_.emplace(description_.parameters[p].name, p);
      distributions_.push_back(distribution_json(description_.parameters[p]));
    }
    WriteTransaction transaction(*database_);
    Statement find(*database_, "SELECT study_id FROM studies WHERE study_name = ?");
    if (find.bind(std::string_view(description_.name)).step()) {
      id_ = find.integer(0);
      check_directions();
    } else {
      make();
    }
    check_attributes();
    read();
    transaction.commit();
  }

  const StudyDescription& description() const override { return description_; }
  std::vector<StoredTrial> trials() override { return trials_; }

  void write(const std::vector<StoredTrial>& trials) override {
    WriteTransaction transaction(*database_);
    check_alone();
    for (const StoredTrial& trial : trials) {
      if (trial.number < ids_.size()) {
        update(trial);
      } else {
        insert(trial);
      }
    }
    const std::int64_t last = last_trial_id();
    transaction.commit();
    last_seen_ = last;
  }

 private:
  Error refuse(const std::string& why) const {
    return usage_error(fmt::format("the study '{}' in '{}' {}; choose another --study or --storage",
                                   description_.name, database_->path().string(), why));
  }

  void make() {
    Statement(*database_, "INSERT INTO studies (study_name) VALUES (?)")
        .bind(std::string_view(description_.name))
        .run();
    id_ = database_->last_id();
    Statement direction(
        *database_,
        "INSERT INTO study_directions (direction, study_id, objective) VALUES (?, ?, ?)");
    for (std::size_t i = 0; i < description_.directions.size(); ++i)
      direction.bind(direction_word(description_.directions[i]), id_, static_cast<std::int64_t>(i))
          .run();
  }

  void check_directions() {
    std::string ours, theirs;
    for (lathe_direction direction : description_.directions)
      ours += fmt::format("{}{}", ours.empty() ? "" : ", ", direction_word(direction));
    Statement rows(*database_,
                   "SELECT direction FROM study_directions WHERE study_id = ? ORDER BY objective");
    rows.bind(id_);
    while (rows.step()) theirs += fmt::format("{}{}", theirs.empty() ? "" : ", ", rows.text(0));
    if (ours != theirs)
      throw refuse(fmt::format("has the directions {}, but this search has {}", theirs, ours));
  }

  // Facts about the search that have to agree. Those the study lacks (Optuna began it) are added.
  void check_attributes() {
    Value expected = description_.user_attributes;
    Value space{Value::Map{}};
    for (const StoredParameter& parameter : description_.parameters)
      space.set(parameter.name, Value(parameter.choices));
    expected.set("space", space);
    Statement find(*database_,
                   "SELECT value_json FROM study_user_attributes WHERE study_id = ? AND key = ?");
    Statement add(*database_,
                  "INSERT INTO study_user_attributes (study_id, key, value_json) VALUES (?, ?, ?)");
    for (const auto& [name, value] : expected.as_map()) {
      const std::string key = fmt::format("{}{}", kPrefix, name);
      const std::string text = json_text(value);
      if (!find.bind(id_, std::string_view(key)).step()) {
        add.bind(id_, std::string_view(key), std::string_view(text)).run();
        continue;
      }
      const std::string theirs(find.text(0));
      if (theirs == text) continue;
      if (name == "space") throw refuse("was begun with another search space");
      if (name == "network") throw refuse("was begun with another network or other weights");
      throw refuse(fmt::format("was begun with {} {}, but this search has {}", name, theirs, text));
    }
  }

  void read() {
    read_trials();
    read_parameters();
    read_values();
    read_intermediate_values();
    read_attributes();
    for (const StoredTrial& trial : trials_)
      for (std::size_t p = 0; p < trial.parameters.size(); ++p)
        if (trial.state == TrialState::complete && std::isnan(trial.parameters[p]))
          throw refuse(fmt::format("has a trial {} without the parameter '{}' of this search",
                                   trial.number, description_.parameters[p].name));
    last_seen_ = last_trial_id();
  }

  void read_trials() {
    Statement rows(*database_,
                   "SELECT trial_id, number, state, datetime_start, datetime_complete FROM trials "
                   "WHERE study_id = ? ORDER BY number");
    rows.bind(id_);
    while (rows.step()) {
      StoredTrial trial;
      trial.number = ids_.size();
      if (rows.integer(1) != static_cast<std::int64_t>(trial.number))
        throw refuse(fmt::format("is damaged: it has no trial {}", trial.number));
      const auto state = state_of_word(rows.text(2));
      if (!state)
        throw refuse(fmt::format("is damaged: trial {} is in no known state, '{}'", trial.number,
                                 rows.text(2)));
      trial.state = *state;
      trial.started = time_of_text(rows.text(3));
      trial.completed = time_of_text(rows.text(4));
      trial.parameters.assign(description_.parameters.size(), std::nan(""));
      by_id_.emplace(rows.integer(0), trials_.size());
      ids_.push_back(rows.integer(0));
      trials_.push_back(std::move(trial));
    }
  }

  // Calls `use` for each row of a table that belongs to this study's trials.
  template <typename Use>
  void each(std::string_view columns, std::string_view table, Use use) {
    Statement rows(*database_, fmt::format("SELECT r.trial_id, {} FROM {} r JOIN trials t ON "
                                           "t.trial_id = r.trial_id WHERE t.study_id = ?",
                                           columns, table));
    rows.bind(id_);
    while (rows.step()) use(rows, trials_[by_id_.at(rows.integer(0))]);
  }

  void read_parameters() {
    // The distribution is the same text in almost every row: parsed once, then only compared.
    std::vector<std::string> accepted = distributions_;
    each(
        "r.param_name, r.param_value, r.distribution_json", "trial_params",
        [&](Statement& row, StoredTrial& trial) {
          const auto found = index_.find(std::string(row.text(1)));
          if (found == index_.end())
            throw refuse(
                fmt::format("has trials with the parameter '{}', which this search space "
                            "lacks",
                            row.text(1)));
          const std::size_t p = found->second;
          if (row.text(3) != accepted[p]) {
            if (!same_distribution(description_.parameters[p], row.text(3)))
              throw refuse(fmt::format("has trial {} with other values for '{}': {} there, {} here",
                                       trial.number, row.text(1), row.text(3), distributions_[p]));
            accepted[p] = row.text(3);
          }
          trial.parameters[p] = row.real(2);
        });
  }

  void read_values() {
    each("r.objective, r.value, r.value_type", "trial_values",
         [&](Statement& row, StoredTrial& trial) {
           const auto objective = static_cast<std::size_t>(row.integer(1));
           if (trial.state != TrialState::complete) return;
           trial.values.resize(std::max(trial.values.size(), objective + 1));
           trial.values[objective] = value_of_type(row.text(3), row.real(2));
         });
    for (const StoredTrial& trial : trials_)
      if (trial.state == TrialState::complete &&
          trial.values.size() != description_.directions.size())
        throw refuse(fmt::format("is damaged: trial {} is complete, but has {} of {} values",
                                 trial.number, trial.values.size(),
                                 description_.directions.size()));
  }

  void read_intermediate_values() {
    each("r.step, r.intermediate_value, r.intermediate_value_type", "trial_intermediate_values",
         [&](Statement& row, StoredTrial& trial) {
           trial.intermediates.push_back({row.integer(1), value_of_type(row.text(3), row.real(2))});
         });
    for (StoredTrial& trial : trials_)
      std::sort(trial.intermediates.begin(), trial.intermediates.end(),
                [](const auto& a, const auto& b) { return a.step < b.step; });
  }

  void read_attributes() {
    each("r.key, r.value_json", "trial_user_attributes", [&](Statement& row, StoredTrial& trial) {
      trial.user_attributes.set(row.text(1), value_of_json(row.text(2)));
    });
    each("r.key, r.value_json", "trial_system_attributes", [&](Statement& row, StoredTrial& trial) {
      trial.system_attributes.set(row.text(1), value_of_json(row.text(2)));
    });
    // Trials that a person enqueued in Optuna say there what they want.
    for (StoredTrial& trial : trials_) {
      const Value* fixed = trial.system_attributes.find("fixed_params");
      if (trial.state != TrialState::waiting || fixed == nullptr || !fixed->is_map()) continue;
      for (std::size_t p = 0; p < trial.parameters.size(); ++p) {
        const StoredParameter& parameter = description_.parameters[p];
        const Value* wanted = fixed->find(parameter.name);
        if (wanted == nullptr) continue;
        for (std::size_t c = 0; c < parameter.choices.size(); ++c)
          if (parameter.choices[c] == *wanted) trial.parameters[p] = static_cast<double>(c);
      }
    }
  }

  std::int64_t last_trial_id() {
    const std::int64_t id = last_id_.bind().step() ? last_id_.integer(0) : 0;
    last_id_.run();
    return id;
  }

  // Numbers are given here; a second writer would give the same ones again.
  void check_alone() {
    if (last_trial_id() == last_seen_) return;
    const bool intruder = newer_.bind(last_seen_, id_).step();
    newer_.run();
    if (intruder)
      throw run_error(LATHE_ABORTED,
                      fmt::format("another process has added trials to the study '{}' in '{}' "
                                  "while this search ran; run the same command again to go on from "
                                  "there",
                                  description_.name, database_->path().string()));
  }

  void insert(const StoredTrial& trial) {
    if (trial.number != ids_.size())
      throw run_error(LATHE_INTERNAL, fmt::format("trial {} is written before trial {}",
                                                  trial.number, ids_.size()));
    const std::string started = time_text(trial.started);
    const std::string completed = time_text(trial.completed);
    const auto number = static_cast<std::int64_t>(trial.number);
    if (running(trial)) {
      insert_.bind(number, id_, state_word(trial.state), std::string_view(started), nullptr).run();
    } else {
      insert_
          .bind(number, id_, state_word(trial.state), std::string_view(started),
                std::string_view(completed))
          .run();
    }
    ids_.push_back(database_->last_id());
    write_rows(trial);
  }

  void update(const StoredTrial& trial) {
    const std::string started = time_text(trial.started);
    const std::string completed = time_text(trial.completed);
    const std::int64_t id = ids_[trial.number];
    if (running(trial)) {
      update_.bind(state_word(trial.state), std::string_view(started), nullptr, id).run();
    } else {
      update_
          .bind(state_word(trial.state), std::string_view(started), std::string_view(completed), id)
          .run();
    }
    // What an earlier run of the trial reported before it was killed.
    forget_intermediates_.bind(id).run();
    write_rows(trial);
  }

  static bool running(const StoredTrial& trial) {
    return trial.state == TrialState::running || trial.state == TrialState::waiting;
  }

  void write_rows(const StoredTrial& trial) {
    const std::int64_t id = ids_[trial.number];
    for (std::size_t p = 0; p < trial.parameters.size(); ++p)
      if (!std::isnan(trial.parameters[p]))
        parameter_
            .bind(id, std::string_view(description_.parameters[p].name), trial.parameters[p],
                  std::string_view(distributions_[p]))
            .run();
    for (std::size_t i = 0; i < trial.values.size(); ++i) {
      const auto objective = static_cast<std::int64_t>(i);
      if (std::isfinite(trial.values[i])) {
        value_.bind(id, objective, trial.values[i], value_type(trial.values[i])).run();
      } else {
        value_.bind(id, objective, nullptr, value_type(trial.values[i])).run();
      }
    }
    for (const auto& [step, value] : trial.intermediates) {
      const std::string_view type = std::isnan(value) ? "NAN" : value_type(value);
      if (std::isfinite(value)) {
        intermediate_.bind(id, step, value, type).run();
      } else {
        intermediate_.bind(id, step, nullptr, type).run();
      }
    }
    for (const auto& [key, value] : trial.user_attributes.as_map()) {
      const std::string text = json_text(value);
      attribute_.bind(id, std::string_view(key), std::string_view(text)).run();
    }
    for (const auto& [key, value] : trial.system_attributes.as_map()) {
      const std::string text = json_text(value);
      system_attribute_.bind(id, std::string_view(key), std::string_view(text)).run();
    }
  }

  std::shared_ptr<Database> database_;
  StudyDescription description_;
  std::int64_t id_ = 0;
  std::unordered_map<std::string, std::size_t> index_;  // parameter by name
  std::vector<std::string> distributions_;
  std::vector<StoredTrial> trials_;                      // as read when the study was opened
  std::unordered_map<std::int64_t, std::size_t> by_id_;  // trial_id -> place in trials_
  std::vector<std::int64_t> ids_;                        // trial_id by number
  std::int64_t last_seen_ = 0;                           // newest trial_id of the whole file

  Statement last_id_{*database_, "SELECT max(trial_id) FROM trials"};
  Statement newer_{*database_, "SELECT 1 FROM trials WHERE trial_id > ? AND study_id = ? LIMIT 1"};
  Statement insert_{*database_,
                    "INSERT INTO trials (number, study_id, state, datetime_start, "
                    "datetime_complete) VALUES (?, ?, ?, ?, ?)"};
  Statement update_{*database_,
                    "UPDATE trials SET state = ?, datetime_start = ?, datetime_complete = ? WHERE "
                    "trial_id = ?"};
  Statement parameter_{*database_,
                       "INSERT INTO trial_params (trial_id, param_name, param_value, "
                       "distribution_json) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"};
  Statement value_{*database_,
                   "INSERT OR REPLACE INTO trial_values (trial_id, objective, value, value_type) "
                   "VALUES (?, ?, ?, ?)"};
  Statement attribute_{*database_,
                       "INSERT OR REPLACE INTO trial_user_attributes (trial_id, key, value_json) "
                       "VALUES (?, ?, ?)"};
  Statement system_attribute_{*database_,
                              "INSERT OR REPLACE INTO trial_system_attributes (trial_id, key, "
                              "value_json) VALUES (?, ?, ?)"};
  Statement forget_intermediates_{*database_,
                                  "DELETE FROM trial_intermediate_values WHERE trial_id = ?"};
  Statement intermediate_{*database_,
                          "INSERT INTO trial_intermediate_values (trial_id, step, "
                          "intermediate_value, intermediate_value_type) VALUES (?, ?, ?, ?)"};
};

}  // namespace

std::unique_ptr<Study> open_sqlite_study(std::shared_ptr<Database> database,
                                         const StudyDescription& description) {
  return std::make_unique<SqliteStudy>(std::move(database), description);
}

}  // namespace lathe
