// One transaction for each exchange: what has ended is written, what is wanted is claimed, and what
// others did is read.
#include "core/storage/postgres/study.hpp"

#include "core/base/clock.hpp"
#include "core/search/study/shared_study.hpp"
#include "core/storage/optuna/fit_trial.hpp"
#include "core/storage/optuna/found_study.hpp"
#include "core/storage/optuna/read_study.hpp"
#include "core/storage/optuna/read_trial.hpp"
#include "core/storage/optuna/write_trials.hpp"
#include "core/storage/postgres/changes.hpp"
#include "core/storage/postgres/leases.hpp"

#include <fmt/format.h>

#include <thread>

namespace lathe {
namespace {

class PostgresStudy final : public Study, public SharedStudy {
 public:
  PostgresStudy(StudyRow row, PostgresSql& database, std::string url, TrialIndex index,
                const StorageOptions& options)
      : row_(std::move(row)),
        database_(database),
        url_(std::move(url)),
        lease_(options.lease),
        trial_count_(index.ids.size()),
        first_(std::move(index)),
        reader_(row_),
        writer_(row_, {}),
        leases_(database, new_worker_name(), options.lease),
        changes_(row_, leases_.worker()),
        lock_(database, "SELECT study_id FROM studies WHERE study_id = ? FOR UPDATE SKIP LOCKED"),
        take_up_(database,
                 "UPDATE trials SET state = 'RUNNING' WHERE trial_id = ? AND state = 'WAITING'"),
        count_killed_(database,
                      "INSERT INTO trial_system_attributes AS a (trial_id, key, value_json) "
                      "VALUES (?, ?, '1') ON CONFLICT (trial_id, key) DO UPDATE SET "
                      "value_json = (a.value_json::integer + 1)::text"),
        same_end_(database,
                  "SELECT 1 FROM trials WHERE trial_id = ? AND state = ? AND datetime_complete = "
                  "?") {}

  const StudyDescription& description() const override { return row_.description; }
  std::uint64_t trial_count() const override { return trial_count_; }
  SharedStudy* shared() override { return this; }
  // Leases tell who has ended.
  void take_over() override {}

  void each_trial(const std::function<void(StoredTrial trial)>& visit) override {
    database_.connection().connect();
    std::vector<TrialPlace> places;
    for (std::uint64_t number = 0; number < trial_count_; ++number)
      places.push_back({number, first_.ids[number]});
    for (std::size_t first = 0; first < places.size(); first += kAtOnce) {
      const std::size_t count = std::min(kAtOnce, places.size() - first);
      for (StoredTrial& trial : reader_.read(std::span(places).subspan(first, count)))
        visit(fitted(std::move(trial), row_));
    }
  }

  // Of trials that have ended; others are exchanged.
  void write(const std::vector<StoredTrial>& trials) override {
    SqlTransaction transaction(database_, Access::writes);
    for (const StoredTrial& trial : trials)
      if (ended(writer_.index().states.at(trial.number))) writer_.write(trial);
    transaction.commit();
  }
  std::vector<StoredTrial> wishes() override { return {}; }

  void set_patience(std::chrono::milliseconds patience) override {
    database_.connection().set_patience(patience);
  }

  ExchangeAnswer exchange(const Exchange& exchange) override {
    const std::size_t known = writer_.index().ids.size();
    try {
      database_.connection().connect();
      ExchangeAnswer answer = exchanged(exchange);
      changes_.keep();
      return answer;
    } catch (...) {
      writer_.index().ids.resize(known);
      writer_.index().states.resize(known);
      changes_.forget();
      throw;
    }
  }

 private:
  static constexpr std::size_t kAtOnce = 1024;
  static constexpr std::chrono::milliseconds kClaimOfOthers{5};  // about what one takes

  ExchangeAnswer exchanged(const Exchange& exchange) {
    claimed_.reset();
    ExchangeAnswer answer;
    if (exchange.settled.empty() && !exchange.wanted) {
      answer.news = news();
      return answer;
    }
    SqlTransaction transaction(database_, Access::writes);
    for (const StoredTrial& trial : exchange.settled)
      if (!settle(trial)) answer.lost.push_back(trial.number);
    if (exchange.wanted) claim(*exchange.wanted);
    answer.news = news();
    transaction.commit();
    return answer;
  }

  // What is of this process; false: another has taken it over.
  bool settle(const StoredTrial& trial) {
    const std::int64_t id = writer_.index().ids.at(trial.number);
    if (!leases_.give_up(id)) {
      // It was written before, but the answer was lost on the way.
      return bound(same_end_, id, state_word(trial.state), local_text(trial.completed)).next();
    }
    writer_.index().states[trial.number] = TrialState::running;
    writer_.finish(trial);
    changes_.settled(id, trial.state);
    return true;
  }

  void claim(const StoredTrial& wanted) {
    if (!renewal_) renewal_.emplace(url_, leases_.worker(), lease_);
    if (wanted.number < writer_.index().ids.size())
      claim_known(wanted);
    else
      claim_next(wanted);
  }

  // A trial that is there and that nobody has.
  void claim_known(const StoredTrial& wanted) {
    const std::int64_t id = writer_.index().ids[wanted.number];
    if (leases_.take_over(id)) {
      run(count_killed_, id, kKilled);
    } else if (run(take_up_, id) == 1) {
      writer_.index().states[wanted.number] = TrialState::running;
      writer_.write(wanted);
      leases_.take(id);
    }
  }

  // Numbers are given one after the other, to whoever holds the study's row. Nobody queues for it:
  // whoever holds it takes the number that this process wants, and eight in a queue would each
  // learn that in turn. The news, read a little later, has the number.
  void claim_next(const StoredTrial& wanted) {
    if (wanted.number > writer_.index().ids.size()) return;  // numbers before it are not known yet
    if (!bound(lock_, row_.id).next()) {
      std::this_thread::sleep_for(kClaimOfOthers);
      return;
    }
    if (changes_.there_are_new()) return;
    writer_.write(wanted);
    leases_.take(writer_.index().ids.back());
    claimed_ = wanted;
    // Told as news, like all others.
    writer_.index().ids.pop_back();
    writer_.index().states.pop_back();
  }

  bool is_claimed(std::uint64_t number) const { return claimed_ && claimed_->number == number; }

  std::vector<SharedTrial> news() {
    std::vector<TrialPlace> places;  // of those to read
    std::vector<SharedTrial> told;
    for (const Changes::Row& row : changes_.read()) {
      TrialIndex& index = writer_.index();
      if (row.number == index.ids.size()) {
        index.ids.push_back(row.id);
        index.states.push_back(row.state);
      }
      index.states.at(row.number) = row.state;
      if (!is_claimed(row.number)) places.push_back({row.number, row.id});
      told.emplace_back().whose = row.whose;
      told.back().trial.number = row.number;
    }
    std::vector<StoredTrial> trials = reader_.read(places);
    auto read = trials.begin();
    for (SharedTrial& each : told)
      each.trial = is_claimed(each.trial.number) ? *claimed_ : fitted(std::move(*read++), row_);
    return told;
  }

  StudyRow row_;
  PostgresSql& database_;
  const std::string url_;
  const std::chrono::milliseconds lease_;
  std::uint64_t trial_count_;  // when the study was opened
  TrialIndex first_;           // as of then
  TrialReader reader_;
  TrialWriter writer_;  // its index: all that was told as news
  Leases leases_;
  Changes changes_;
  Statement lock_, take_up_, count_killed_, same_end_;
  std::optional<StoredTrial> claimed_;   // the new trial of this exchange
  std::optional<LeaseRenewal> renewal_;  // from the first claim on
};

}  // namespace

void lock_database(SqlDatabase& database) {
  // The number is ours alone: "lathe" in ASCII.
  Statement lock(database, "SELECT pg_advisory_xact_lock(465591658597)");
  run(lock);
}

std::unique_ptr<Study> open_postgres_study(const std::shared_ptr<PostgresSql>& database,
                                           const std::string& url,
                                           const StudyDescription& description,
                                           const StorageOptions& options) {
  PostgresSql& server = *database;
  server.connection().connect();
  SqlTransaction transaction(server, Access::writes);
  lock_database(server);
  StudyRow study = found_study(database, description);
  TrialIndex index = read_trial_index(study);
  auto opened =
      std::make_unique<PostgresStudy>(std::move(study), server, url, std::move(index), options);
  transaction.commit();
  return opened;
}

}  // namespace lathe
