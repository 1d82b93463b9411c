// The loop: workers claim trials under one lock, evaluate without it; the calling thread writes
// what has ended to the study, in groups and in number order, and watches the clock.
#include "core/search/loop/loop.hpp"

#include "core/base/log.hpp"
#include "core/search/loop/pareto.hpp"
#include "core/search/loop/sharing/exchanger.hpp"
#include "core/search/loop/told_outcome.hpp"
#include "core/search/loop/turns/upcoming_trials.hpp"
#include "core/search/loop/worker_threads.hpp"
#include "core/search/study/journal.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>

namespace lathe {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// How long what has ended may wait for the next write.
constexpr milliseconds kWriteInterval{25};
// So many trials at most have ended and are not in the study yet: a disk that is slower than the
// trials would else have ever more to write, in memory and when the search is interrupted.
constexpr std::uint64_t kMostUnwritten = 2048;
// How often a worker that waits for another process looks whether the time is up.
constexpr milliseconds kLookInterval{200};

double process_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Whether it is the study's server that could not be reached.
bool is_away(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return error.code() == LATHE_UNAVAILABLE;
  } catch (...) {
    return false;
  }
}

struct Worker {
  std::atomic<bool> stop{false};
  std::uint64_t trial = 0;
  bool busy = false;
  bool timed_out = false;
};

class Loop {
 public:
  Loop(const SearchOptions& options, const SearchSpace& space, Sampler& sampler, Study* study,
       const Evaluate& evaluate, const SearchEvents& events, const std::atomic<bool>& cancelled)
      : options_(options),
        space_(space),
        sampler_(sampler),
        pruner_(options.pruner.make()),
        turned_(options.pruner.watch().direction != options.directions().front()),
        study_(study),
        evaluate_(evaluate),
        events_(events),
        cancelled_(cancelled),
        upcoming_(options, space, sampler, study, !pruner_, slots_, result_),
        shared_(upcoming_.shared()) {}

  SearchResult run() {
    const double cpu_before = process_cpu_seconds();
    workers_.resize(static_cast<std::size_t>(std::max(1, options_.jobs)));
    if (shared_) exchange();
    {
      WorkerThreads threads(workers_.size(), [this](std::size_t index) { work(index); });
      supervise(threads.count());
    }
    if (shared_) end_exchange();
    if (failure_) std::rethrow_exception(failure_);
    explain();
    result_.loop_cpu_seconds = process_cpu_seconds() - cpu_before;
    result_.loop_seconds = seconds_since(start_);
    return finish();
  }

 private:
  void work(std::size_t index) {
    Worker& worker = workers_[index];
    try {
      while (const std::optional<std::uint64_t> number = claim(worker)) evaluate(index, *number);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      fail(std::current_exception());
    }
    {
      const std::lock_guard lock(mutex_);
      ++left_;
    }
    changed_.notify_all();
    idle_.notify_all();
  }

  void fail(std::exception_ptr failure) {
    if (!failure_) failure_ = std::move(failure);
    stopping_ = true;
  }

  // The next trial to evaluate, once its turn has come; none: the search is over.
  std::optional<std::uint64_t> claim(Worker& worker) {
    std::unique_lock lock(mutex_);
    for (;;) {
      const std::uint64_t number = slots_.size();
      if (stopping_) return std::nullopt;
      if (shared_) {
        if (const auto granted = shared_->granted()) return occupied(worker, *granted);
        if (shared_->ask_for_orphan()) exchanger_->wake();
      }
      const bool over = number >= upcoming_.limit() && !upcoming_.known(number);
      if (over && !others_run()) return std::nullopt;
      if (cancelled_) {
        interrupt();
        return std::nullopt;
      }
      if (is_behind()) {
        idle_.notify_all();
        wait(lock);
        continue;
      }
      if (!upcoming_.ended_already(number) && out_of_time()) return std::nullopt;
      if (over) {
        wait(lock);
        continue;
      }
      const bool alone = upcoming_.alone();
      if (alone_ || (alone && busy_ > 0)) {
        wait(lock);
        continue;
      }
      const std::uint64_t needed = told_before(number);
      if ((sampler_.reads_values() || pruner_) && ended_ < needed) {
        wait(lock);
        continue;
      }
      for (; told_ < std::min(needed, ended_); ++told_) tell(slots_[told_].trial);
      using Turn = UpcomingTrials::Turn;
      const Turn turn = upcoming_.begin(number);
      if (turn == Turn::none) changed_.notify_all();  // for whoever waits for its turn
      if (turn == Turn::none && !shared_) return std::nullopt;
      if (turn == Turn::asked) exchanger_->wake();
      if (turn == Turn::asked || turn == Turn::later) wait(lock);
      if (turn != Turn::begun) continue;
      const Slot& slot = slots_[number];
      if (!ended(slot.trial.state) && slot.whose == Whose::ours) {
        alone_ = alone;
        return occupied(worker, number);
      }
      advance();
      lock.unlock();  // whoever waits to stop all this has a turn
      lock.lock();
    }
  }

  void interrupt() {
    result_.interrupted = true;
    stopping_ = true;
  }

  // Who shares the study has its own exchange with it.
  bool is_behind() const {
    return study_ != nullptr && !shared_ && ended_ > written_ + kMostUnwritten;
  }

  std::uint64_t occupied(Worker& worker, std::uint64_t number) {
    worker.trial = number;
    worker.busy = true;
    ++busy_;
    worker.timed_out = false;
    worker.stop = false;
    return number;
  }

  // Until something has changed; where others may change it, also to see whether the time is up.
  void wait(std::unique_lock<std::mutex>& lock) {
    if (shared_)
      changed_.wait_for(lock, kLookInterval);
    else
      changed_.wait(lock);
  }

  // One that runs in another program has no outcome yet.
  void tell(const Trial& trial) {
    if (ended(trial.state)) sampler_.finished(*ToldOutcome(trial, turned_));
  }

  // The trials below count for trial `number`, and no others.
  std::uint64_t told_before(std::uint64_t number) const {
    const auto lookahead = static_cast<std::uint64_t>(options_.lookahead);
    return number > lookahead ? number - lookahead : 0;
  }

  bool others_run() const { return shared_ && shared_->others_run(ended_); }

  bool report(std::uint64_t number, std::int64_t step, double value) {
    const std::lock_guard lock(mutex_);
    Trial& trial = slots_[number].trial;
    trial.intermediates.push_back({step, value});
    return pruner_ && pruner_->prune(trial, upcoming_.order().first(told_before(number)));
  }

  void evaluate(std::size_t index, std::uint64_t number) {
    Worker& worker = workers_[index];
    std::vector<double> point;
    {
      const std::lock_guard lock(mutex_);
      point = slots_[number].trial.point;
    }
    bool given_up = false;
    const Report reported = [&](std::int64_t step, double value) {
      return report(number, step, value);
    };
    Trial outcome = outcome_of(
        options_, worker.stop,
        [&] { return evaluate_(static_cast<int>(index), number, point, worker.stop, reported); },
        given_up);
    settle(worker, number, std::move(outcome), given_up);
  }

  void settle(Worker& worker, std::uint64_t number, Trial outcome, bool given_up) {
    const std::lock_guard lock(mutex_);
    worker.busy = false;
    --busy_;
    alone_ = false;
    Slot& slot = slots_[number];
    if (slot.whose != Whose::ours) return;  // another process has it, and its outcome counts
    if (shared_) shared_->settled(slot);
    Trial& trial = slot.trial;
    if (worker.timed_out) {
      given_up = false;
      outcome = Trial{};
      outcome.error =
          fmt::format("the trial took longer than {} seconds", options_.trial_timeout_seconds);
    }
    // Given up on Ctrl-C: whoever goes on with the study runs it again.
    if (given_up) {
      trial.state = TrialState::waiting;
      return;
    }
    outcome.number = number;
    outcome.point = std::move(trial.point);
    outcome.intermediates = std::move(trial.intermediates);
    outcome.rungs = std::move(trial.rungs);
    outcome.retries = std::move(trial.retries);
    outcome.started = trial.started;
    outcome.wish = trial.wish;
    outcome.completed = std::chrono::system_clock::now();
    if (outcome.state == TrialState::running) outcome.state = TrialState::fail;
    if (outcome.state != TrialState::complete) {
      outcome.values.clear();
      outcome.constraints.clear();
    }
    trial = std::move(outcome);
    advance();  // and this thread asks for the next trial: one exchange does both
  }

  // After a trial has ended: reports those whose turn it is, wakes who waits for it.
  void advance() {
    for (; ended_ < slots_.size() && passed(slots_[ended_]); ++ended_)
      tell_ended(slots_[ended_].trial);
    changed_.notify_all();
  }
  // Nobody waits for another program's trial: it may have ended long since.
  static bool passed(const Slot& slot) {
    return ended(slot.trial.state) || slot.whose == Whose::guests;
  }
  void tell_ended(const Trial& trial) {
    if (events_.trial_ended && ended(trial.state)) events_.trial_ended(trial);
  }

  // The budget is that of trials which are not in the study yet.
  bool out_of_time() {
    if (options_.timeout_seconds <= 0) return false;
    if (!first_new_) first_new_ = Clock::now();
    if (seconds_since(*first_new_) < options_.timeout_seconds) return false;
    result_.timed_out = true;
    return true;
  }

  void supervise(std::size_t workers) {
    std::unique_lock lock(mutex_);
    for (;;) {
      idle_.wait_for(lock, kWriteInterval, [&] { return left_ == workers || is_behind(); });
      const bool over = left_ == workers;
      if (study_ != nullptr && !shared_) {
        const std::vector<Trial> due = journal_.due(slots_, over);
        written_ = ended_;
        lock.unlock();
        const std::exception_ptr failed = write(due);
        lock.lock();
        if (failed) {
          fail(failed);
          study_ = nullptr;  // what one write could not do, the next would only repeat
        }
        changed_.notify_all();  // for whoever waits until less is unwritten
      }
      if (over) return;
      if (events_.look) events_.look();
      if (cancelled_ && !stopping_) interrupt();
      watch();
      if (stopping_) changed_.notify_all();
    }
  }

  void exchange() {
    exchanger_.emplace(*study_->shared(),
                       Exchanger::Calls{[this](bool over) {
                                          const std::lock_guard lock(mutex_);
                                          return shared_->gather(journal_, over);
                                        },
                                        [this](const Exchange& exchange, ExchangeAnswer answer) {
                                          const std::lock_guard lock(mutex_);
                                          apply(shared_->apply(exchange, std::move(answer)));
                                        },
                                        [this](std::exception_ptr failure) {
                                          const std::lock_guard lock(mutex_);
                                          fail(std::move(failure));
                                          changed_.notify_all();
                                        }});
  }

  void apply(const SharedTurns::Changed& changed) {
    for (const std::uint64_t number : changed.lost) {
      log_warning(
          "trial {} was taken over by another process, because this one had not renewed its lease "
          "in time; its result here is dropped",
          number);
      for (Worker& worker : workers_)
        if (worker.busy && worker.trial == number) worker.stop = true;
    }
    for (const std::uint64_t number : changed.ended) {
      ++result_.elsewhere;
      if (number < told_) tell(slots_[number].trial);
      if (number < ended_) tell_ended(slots_[number].trial);
    }
    advance();
  }

  // Until the study has all that ended here, or nobody waits for that any more.
  void end_exchange() {
    exchanger_->finish();
    while (!exchanger_->finished()) {
      std::this_thread::sleep_for(kWriteInterval);
      if (events_.look) events_.look();
      if (cancelled_) {
        result_.interrupted = true;
        exchanger_->hurry();
      }
    }
    if (!exchanger_->gave_up() || failure_) return;
    fail(std::make_exception_ptr(run_error(
        LATHE_UNAVAILABLE,
        fmt::format("the study could not be reached any more: {} trials that had ended are not in "
                    "it; whoever goes on with it evaluates them again",
                    shared_->unsent()))));
  }

  std::exception_ptr write(const std::vector<Trial>& trials) {
    if (trials.empty()) return nullptr;
    try {
      std::vector<StoredTrial> group;
      for (const Trial& trial : trials) group.push_back(stored_of(trial, space_));
      study_->write(group);
      const std::vector<StoredTrial> wishes = study_->wishes();
      const std::lock_guard lock(mutex_);
      for (const StoredTrial& wish : wishes) {
        Trial trial = trial_of(wish);
        trial.wish = wish.wish;
        upcoming_.want(std::move(trial));
      }
      return nullptr;
    } catch (...) {
      return std::current_exception();
    }
  }

  void watch() {
    for (Worker& worker : workers_) {
      if (!worker.busy) continue;
      const bool late = options_.trial_timeout_seconds > 0 &&
                        seconds_since(slots_[worker.trial].began) > options_.trial_timeout_seconds;
      if (late && !stopping_) worker.timed_out = true;
      if (late || stopping_) worker.stop = true;
    }
  }

  // Asks for what the sampler tells of complete trials, and has the study keep what is new of it.
  void explain() {
    if (!sampler_.explains()) return;
    std::vector<Trial> changed;
    for (Slot& slot : slots_) {
      Trial& trial = slot.trial;
      if (trial.state != TrialState::complete) continue;
      Value told = sampler_.explain(trial.point, *ToldOutcome(trial, turned_));
      if (told == trial.explained) continue;
      trial.explained = std::move(told);
      changed.push_back(trial);
    }
    if (study_ == nullptr) return;
    while (const std::exception_ptr failed = write(changed)) {
      if (!shared_ || cancelled_ || !is_away(failed)) std::rethrow_exception(failed);
      std::this_thread::sleep_for(kLookInterval);  // for the server, as exchanges do
      if (events_.look) events_.look();
    }
  }

  SearchResult finish() {
    std::deque<Slot> left = upcoming_.left();
    result_.trials.reserve(slots_.size() + left.size());
    for (; !slots_.empty(); slots_.pop_front())
      if (ended(slots_.front().trial.state))
        result_.trials.push_back(std::move(slots_.front().trial));
    // Stopped before its turn came, and done all the same.
    for (; !left.empty(); left.pop_front()) {
      if (!ended(left.front().trial.state)) continue;
      result_.trials.push_back(std::move(left.front().trial));
      ++result_.resumed;
    }
    result_.best = best_trials(result_.trials, options_.directions());
    result_.infeasible =
        !result_.best.empty() && result_.trials[result_.best.front()].violation() > 0;
    return std::move(result_);
  }

  const SearchOptions& options_;
  const SearchSpace& space_;
  Sampler& sampler_;
  const std::unique_ptr<Pruner> pruner_;  // null: none
  const bool turned_;                     // what is watched goes the other way than objective 0
  Study* study_;
  const Evaluate& evaluate_;
  const SearchEvents& events_;
  const std::atomic<bool>& cancelled_;
  const Clock::time_point start_ = Clock::now();
  std::optional<Clock::time_point> first_new_;  // when the first trial began that the study lacks

  std::mutex mutex_;
  std::condition_variable changed_;  // a trial has ended, or the search is over
  std::condition_variable idle_;     // a worker has left
  std::deque<Worker> workers_;
  std::deque<Slot> slots_;     // by trial number
  std::uint64_t ended_ = 0;    // trials below have ended and are reported
  std::uint64_t written_ = 0;  // trials below have been given to the study to write
  std::uint64_t told_ = 0;     // the sampler knows the outcome of trials below
  std::size_t left_ = 0;       // workers that have nothing more to do
  std::size_t busy_ = 0;       // workers that evaluate
  bool alone_ = false;         // one of them, and nobody else may
  bool stopping_ = false;
  std::exception_ptr failure_;
  Journal journal_;
  SearchResult result_;
  UpcomingTrials upcoming_;
  SharedTurns* const shared_;           // null: nobody else works on the study
  std::optional<Exchanger> exchanger_;  // its thread ends first
};

}  // namespace

SearchResult run_trials(const SearchOptions& options, const SearchSpace& space, Sampler& sampler,
                        Study* study, const Evaluate& evaluate, const SearchEvents& events,
                        const std::atomic<bool>& cancelled) {
  return Loop(options, space, sampler, study, evaluate, events, cancelled).run();
}

}  // namespace lathe
