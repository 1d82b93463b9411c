// A study: compared with what the search expects when it is opened, read trial by trial, then
// written in groups.
#include "core/storage/sqlite/study.hpp"

#include "core/storage/optuna/columns.hpp"
#include "core/storage/optuna/distribution.hpp"
#include "core/storage/sqlite/check_study.hpp"
#include "core/storage/sqlite/fit_trial.hpp"
#include "core/storage/sqlite/read_trial.hpp"
#include "core/storage/sqlite/write_trials.hpp"

#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>

#include <deque>
#include <utility>

namespace lathe {
namespace {

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
  SqliteStudy(StudyRow row, TrialIndex index)
      : row_(std::move(row)),
        trial_count_(index.ids.size()),
        writer_(row_, std::move(index)),
        last_seen_(last_trial_id(last_)) {}

  const StudyDescription& description() const override { return row_.description; }
  std::uint64_t trial_count() const override { return trial_count_; }

  void take_over() override {
    with_errors_of(row_.database->getFilename(), [&] {
      SQLite::Transaction transaction(*row_.database, kAtOnce);
      count_killed(row_, writer_.index());
      transaction.commit();
    });
  }

  void each_trial(const std::function<void(StoredTrial trial)>& visit) override {
    with_errors_of(row_.database->getFilename(), [&] {
      TrialReader reader(row_);
      for (std::uint64_t number = 0; number < trial_count_; ++number)
        visit(fitted(reader.read(number, writer_.index().ids[number]), row_));
    });
  }

  void write(const std::vector<StoredTrial>& trials) override {
    with_errors_of(row_.database->getFilename(), [&] { write_group(trials); });
  }
  std::vector<StoredTrial> wishes() override { return std::exchange(wishes_, {}); }

 private:
  void write_group(const std::vector<StoredTrial>& trials) {
    check_in_place(*row_.database);
    SQLite::Transaction transaction(*row_.database, kAtOnce);
    std::deque<std::int64_t> waiting = waiting_;
    const std::vector<StoredTrial> wishes = new_wishes(waiting);
    for (const StoredTrial& trial : trials) {
      writer_.write(trial);
      if (trial.wish) std::erase(waiting, *trial.wish);
    }
    // Optuna gave them the numbers that were free to it.
    for (std::size_t i = 0; i < waiting.size(); ++i)
      run(number_, static_cast<std::int64_t>(writer_.index().ids.size() + i), waiting[i]);
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
    TrialReader reader(row_);
    bound(newer_, last_seen_, row_.id);
    while (newer_.executeStep()) {
      const std::int64_t id = newer_.getColumn(0).getInt64();
      if (newer_.getColumn(1).getString() != state_word(TrialState::waiting)) throw row_.intruded();
      const std::uint64_t number = writer_.index().ids.size() + waiting.size();
      wishes.push_back(fitted(reader.read(number, id), row_));
      wishes.back().wish = id;
      waiting.push_back(id);
    }
    newer_.tryReset();
    return wishes;
  }

  StudyRow row_;
  std::uint64_t trial_count_;  // when the study was opened
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

void find_or_make(StudyRow& study) {
  SQLite::Statement find(*study.database, "SELECT study_id FROM studies WHERE study_name = ?");
  if (bound(find, study.description.name).executeStep()) {
    study.id = find.getColumn(0).getInt64();
    check_directions(study);
  } else {
    make(study);
  }
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
    TrialIndex index = read_trial_index(study);
    auto opened = std::make_unique<SqliteStudy>(std::move(study), std::move(index));
    transaction.commit();
    return opened;
  });
}

}  // namespace lathe
