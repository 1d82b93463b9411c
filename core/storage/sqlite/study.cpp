// A study: compared with what the search expects when it is opened, read trial by trial, then
// written in groups.
#include "core/storage/sqlite/study.hpp"

#include "core/storage/optuna/fit_trial.hpp"
#include "core/storage/optuna/found_study.hpp"
#include "core/storage/optuna/read_trial.hpp"
#include "core/storage/optuna/write_trials.hpp"

#include <deque>
#include <utility>

namespace lathe {
namespace {

std::int64_t last_trial_id(Statement& last) {
  const std::int64_t id = bound(last).next() ? integer_of(last.cell(0)) : 0;
  last.reset();
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
    SqlTransaction transaction(*row_.database, Access::writes);
    count_killed(row_, writer_.index());
    transaction.commit();
  }

  void each_trial(const std::function<void(StoredTrial trial)>& visit) override {
    TrialReader reader(row_);
    for (std::uint64_t number = 0; number < trial_count_; ++number)
      visit(fitted(reader.read(number, writer_.index().ids[number]), row_));
  }

  void write(const std::vector<StoredTrial>& trials) override {
    row_.database->check_in_place();
    SqlTransaction transaction(*row_.database, Access::writes);
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
  std::vector<StoredTrial> wishes() override { return std::exchange(wishes_, {}); }

 private:
  // Numbers are given here; a second writer would give the same ones again, but a trial that waits
  // can take any.
  std::vector<StoredTrial> new_wishes(std::deque<std::int64_t>& waiting) {
    if (last_trial_id(last_) == last_seen_) return {};
    std::vector<StoredTrial> wishes;
    TrialReader reader(row_);
    bound(newer_, last_seen_, row_.id);
    while (newer_.next()) {
      const std::int64_t id = integer_of(newer_.cell(0));
      if (text_of(newer_.cell(1)) != state_word(TrialState::waiting)) throw row_.intruded();
      const std::uint64_t number = writer_.index().ids.size() + waiting.size();
      wishes.push_back(fitted(reader.read(number, id), row_));
      wishes.back().wish = id;
      waiting.push_back(id);
    }
    newer_.reset();
    return wishes;
  }

  StudyRow row_;
  std::uint64_t trial_count_;  // when the study was opened
  TrialWriter writer_;
  Statement last_{*row_.database, "SELECT max(trial_id) FROM trials"};
  Statement newer_{*row_.database,
                   "SELECT trial_id, state FROM trials WHERE trial_id > ? AND study_id = ? "
                   "ORDER BY trial_id"};
  Statement number_{*row_.database,
                    "UPDATE trials SET number = ? WHERE trial_id = ? AND state = 'WAITING'"};
  std::deque<std::int64_t> waiting_;  // trial_id of others' trials that none has taken up
  std::vector<StoredTrial> wishes_;   // those of them that nobody was told of
  std::int64_t last_seen_ = 0;        // newest trial_id of the whole file
};

}  // namespace

std::unique_ptr<Study> open_sqlite_study(const std::shared_ptr<SqlDatabase>& database,
                                         const StudyDescription& description) {
  SqlTransaction transaction(*database, Access::writes);
  StudyRow study = found_study(database, description);
  TrialIndex index = read_trial_index(study);
  auto opened = std::make_unique<SqliteStudy>(std::move(study), std::move(index));
  transaction.commit();
  return opened;
}

}  // namespace lathe
