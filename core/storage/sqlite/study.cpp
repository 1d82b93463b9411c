// A study: compared with what the search expects when it is opened, read once, then written in
// groups.
#include "core/storage/sqlite/study.hpp"

#include "core/search/study/differences.hpp"
#include "core/storage/optuna/columns.hpp"
#include "core/storage/optuna/json.hpp"
#include "core/storage/sqlite/read_trials.hpp"
#include "core/storage/sqlite/write_trials.hpp"

#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>

#include <deque>
#include <utility>

namespace lathe {
namespace {

// Study attributes of ours; Optuna's own and the user's have other names.
constexpr std::string_view kPrefix = "lathe:";
// Takes the write lock at once, not at the first write.
constexpr auto kAtOnce = SQLite::TransactionBehavior::IMMEDIATE;

std::int64_t last_trial_id(SQLite::Statement& last) {
  const std::int64_t id = bound(last).executeStep() ? last.getColumn(0).getInt64() : 0;
  last.tryReset();
  return id;
}

class SqliteStudy final : public Study {
 public:
  // REQUIRES: the study is in the file.
  SqliteStudy(StudyRow row, ReadTrials read)
      : row_(std::move(row)),
        trials_(std::move(read.trials)),
        writer_(row_, std::move(read.ids)),
        last_seen_(last_trial_id(last_)) {}

  const StudyDescription& description() const override { return row_.description; }
  std::vector<StoredTrial> trials() override { return trials_; }

  void write(const std::vector<StoredTrial>& trials) override {
    with_errors_of(row_.database->getFilename(), [&] { write_group(trials); });
  }
  std::vector<StoredTrial> wishes() override { return std::exchange(wishes_, {}); }

 private:
  void write_group(const std::vector<StoredTrial>& trials) {
    SQLite::Transaction transaction(*row_.database, kAtOnce);
    std::deque<std::int64_t> waiting = waiting_;
    const std::vector<StoredTrial> wishes = new_wishes(waiting);
    for (const StoredTrial& trial : trials) {
      writer_.write(trial);
      if (trial.wish) std::erase(waiting, *trial.wish);
    }
    // Optuna gave them the numbers that were free to it.
    for (std::size_t i = 0; i < waiting.size(); ++i)
      run(number_, static_cast<std::int64_t>(writer_.count() + i), waiting[i]);
    const std::int64_t last = last_trial_id(last_);
    transaction.commit();
    last_seen_ = last;
    waiting_ = std::move(waiting);
    wishes_.insert(wishes_.end(), wishes.begin(), wishes.end());
  }

  // Numbers are given here; a second writer would give the same ones again, but a trial that waits
  // can take any.
  std::vector<StoredTrial> new_wishes(std::deque<std::int64_t>& waiting) {
    if (last_trial_id(last_) == last_seen_) return {};
    std::vector<StoredTrial> wishes;
    bound(newer_, last_seen_, row_.id);
    while (newer_.executeStep()) {
      if (newer_.getColumn(1).getString() != state_word(TrialState::waiting)) throw row_.intruded();
      waiting.push_back(newer_.getColumn(0).getInt64());
      wishes.push_back(read_waiting(row_, waiting.back()));
    }
    newer_.tryReset();
    return wishes;
  }

  StudyRow row_;
  std::vector<StoredTrial> trials_;  // as read when the study was opened
  TrialWriter writer_;
  SQLite::Statement last_{*row_.database, "SELECT max(trial_id) FROM trials"};
  SQLite::Statement newer_{*row_.database,
                           "SELECT trial_id, state FROM trials WHERE trial_id > ? AND study_id = ? "
                           "ORDER BY trial_id"};
  SQLite::Statement number_{
      *row_.database, "UPDATE trials SET number = ? WHERE trial_id = ? AND state = 'WAITING'"};
  std::deque<std::int64_t> waiting_;  // trial_id of others' trials that none has taken up
  std::vector<StoredTrial> wishes_;   // those of them that nobody was told of
  std::int64_t last_seen_ = 0;        // newest trial_id of the whole file
};

void make(StudyRow& study) {
  SQLite::Statement add(*study.database, "INSERT INTO studies (study_name) VALUES (?)");
  run(add, study.description.name);
  study.id = study.database->getLastInsertRowid();
  SQLite::Statement direction(
      *study.database,
      "INSERT INTO study_directions (direction, study_id, objective) VALUES (?, ?, ?)");
  std::int64_t objective = 0;
  for (const lathe_direction each : study.description.directions)
    run(direction, direction_word(each), study.id, objective++);
}

Error begun_otherwise(const StudyRow& study, const std::string& difference) {
  return study.refused("was begun " + difference);
}

std::string verb_of(std::string_view direction) {
  return direction == direction_word(LATHE_DIRECTION_MAXIMIZE) ? "maximize" : "minimize";
}

void check_directions(const StudyRow& study) {
  std::vector<std::string> begun, now;
  for (const lathe_direction direction : study.description.directions)
    now.push_back(verb_of(direction_word(direction)));
  SQLite::Statement rows(
      *study.database,
      "SELECT direction FROM study_directions WHERE study_id = ? ORDER BY objective");
  bound(rows, study.id);
  while (rows.executeStep()) begun.push_back(verb_of(rows.getColumn(0).getString()));
  const std::string difference = difference_of_directions(begun, now, facts_of(study.description));
  if (!difference.empty()) throw begun_otherwise(study, difference);
}

void find_or_make(StudyRow& study) {
  SQLite::Statement find(*study.database, "SELECT study_id FROM studies WHERE study_name = ?");
  if (bound(find, study.description.name).executeStep()) {
    study.id = find.getColumn(0).getInt64();
    check_directions(study);
  } else {
    make(study);
  }
}

// Facts about the search that have to agree. Those the study lacks (Optuna began it) are added.
void check_attributes(const StudyRow& study) {
  SQLite::Statement find(
      *study.database,
      "SELECT value_json FROM study_user_attributes WHERE study_id = ? AND key = ?");
  SQLite::Statement add(
      *study.database,
      "INSERT INTO study_user_attributes (study_id, key, value_json) VALUES (?, ?, ?)");
  Value begun{Value::Map{}}, now{Value::Map{}};
  const Value facts = facts_of(study.description);
  for (const auto& [name, value] : facts.as_map()) {
    const std::string key = fmt::format("{}{}", kPrefix, name);
    const std::string text = json_text(value);
    now.set(name, value_of_json(text));
    if (bound(find, study.id, key).executeStep())
      begun.set(name, value_of_json(find.getColumn(0).getString()));
    else
      run(add, study.id, key, text);
  }
  const std::string difference = difference_text(begun, now);
  if (!difference.empty()) throw begun_otherwise(study, difference);
}

}  // namespace

std::unique_ptr<Study> open_sqlite_study(std::shared_ptr<SQLite::Database> database,
                                         const StudyDescription& description) {
  StudyRow study{std::move(database), description, {}};
  for (const StoredParameter& parameter : description.parameters)
    study.distributions.push_back(distribution_json(parameter));
  return with_errors_of(study.database->getFilename(), [&] {
    SQLite::Transaction transaction(*study.database, kAtOnce);
    find_or_make(study);
    check_attributes(study);
    ReadTrials read = read_trials(study);
    auto opened = std::make_unique<SqliteStudy>(std::move(study), std::move(read));
    transaction.commit();
    return opened;
  });
}

}  // namespace lathe
