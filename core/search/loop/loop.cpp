// The loop: workers claim trials under one lock, evaluate without it; the calling thread writes
// what has ended to the study, in groups and in number order, and watches the clock.
#include "core/search/loop/loop.hpp"

#include "core/host/run.hpp"
#include "core/search/loop/pareto.hpp"
#include "core/search/loop/proposals.hpp"
#include "core/search/study/journal.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <system_error>
#include <thread>

namespace lathe {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// How long what has ended may wait for the next write.
constexpr milliseconds kWriteInterval{25};

double process_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// A value that is NaN, as another program may have stored, is none.
lathe_trial_state sampler_state(const Trial& trial) {
  const bool compares =
      std::ranges::none_of(trial.values, [](double value) { return std::isnan(value); });
  if (trial.state == TrialState::complete && compares) return LATHE_STATE_COMPLETE;
  return trial.state == TrialState::pruned ? LATHE_STATE_PRUNED : LATHE_STATE_FAIL;
}

struct Worker {
  std::atomic<bool> stop{false};
  std::uint64_t trial = 0;
  bool busy = false;
  bool timed_out = false;
  std::thread thread;
};

class Loop {
 public:
  Loop(const SearchOptions& options, const SearchSpace& space, Sampler& sampler, Study* study,
       const Evaluate& evaluate, const SearchEvents& events, const std::atomic<bool>& cancelled)
      : options_(options),
        space_(space),
        sampler_(sampler),
        proposals_(options, space, sampler),
        pruner_(options.pruner.make()),
        turned_(options.pruner.watch().direction != options.directions().front()),
        study_(study),
        evaluate_(evaluate),
        events_(events),
        cancelled_(cancelled) {
    if (study_ != nullptr) stored_ = study_->trials();
    limit_ = std::max<std::uint64_t>(static_cast<std::uint64_t>(options.n_trials), stored_.size());
  }

  SearchResult run() {
    const double cpu_before = process_cpu_seconds();
    start_workers();
    supervise();
    for (Worker& worker : workers_)
      if (worker.thread.joinable()) worker.thread.join();
    if (failure_) std::rethrow_exception(failure_);
    result_.loop_cpu_seconds = process_cpu_seconds() - cpu_before;
    result_.loop_seconds = seconds_since(start_);
    return finish();
  }

 private:
  // As many as were asked for, or as there are threads to be had: the result does not depend on it.
  void start_workers() {
    const auto wanted = static_cast<std::size_t>(std::max(1, options_.jobs));
    for (std::size_t i = 0; i < wanted; ++i) workers_.emplace_back();
    for (std::size_t i = 0; i < wanted; ++i) {
      try {
        const std::lock_guard lock(mutex_);
        workers_[i].thread = std::thread([this, i, run = RunOfThread::get()] {
          const RunOfThread working(run);
          work(static_cast<int>(i));
        });
        ++live_;
      } catch (const std::system_error& error) {
        constexpr std::string_view kWayOut =
            "raise the limit of processes (ulimit -u, or that of the container), or ask for fewer "
            "with --jobs";
        if (i == 0)
          throw run_error(
              LATHE_RESOURCE_EXHAUSTED,
              fmt::format("the system gives no thread to evaluate trials on; {}", kWayOut));
        spdlog::warn("the system gives {} threads of the {} that --jobs asks for; {}", i, wanted,
                     kWayOut);
        return;
      }
    }
  }

  void work(int index) {
    Worker& worker = workers_[static_cast<std::size_t>(index)];
    try {
      while (const std::optional<std::uint64_t> number = claim(worker)) evaluate(index, *number);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      stopping_ = true;
    }
    {
      const std::lock_guard lock(mutex_);
      --live_;
    }
    changed_.notify_all();
    idle_.notify_all();
  }

  // The next trial to evaluate, once its turn has come; none: the search is over.
  std::optional<std::uint64_t> claim(Worker& worker) {
    std::unique_lock lock(mutex_);
    for (;;) {
      const std::uint64_t number = slots_.size();
      if (stopping_ || number >= limit_) return std::nullopt;
      if (!known(number) && out_of_time()) return std::nullopt;
      const std::uint64_t needed = told_before(number);
      if ((sampler_.reads_values() || pruner_) && ended_ < needed) {
        changed_.wait(lock);
        continue;
      }
      for (; told_ < std::min(needed, ended_); ++told_) tell(slots_[told_].trial);
      if (!begin(number)) return std::nullopt;
      if (ended(slots_[number].trial.state)) {
        ++result_.resumed;
        advance();
        continue;
      }
      worker.trial = number;
      worker.busy = true;
      worker.timed_out = false;
      worker.stop = false;
      return number;
    }
  }

  // The trials below count for trial `number`, and no others.
  std::uint64_t told_before(std::uint64_t number) const {
    const auto lookahead = static_cast<std::uint64_t>(options_.lookahead);
    return number > lookahead ? number - lookahead : 0;
  }

  // Whether the study has the trial's outcome, so that it takes no time.
  bool known(std::uint64_t number) const {
    return number < stored_.size() && ended(stored_[number].state);
  }

  // A trial of the study. One that Optuna completed without looking at the constraints counts as if
  // it met none, as there.
  Trial recalled(std::uint64_t number) const {
    Trial trial = trial_of(stored_[number]);
    if (trial.state == TrialState::complete)
      trial.constraints.resize(options_.constraints.size(), std::numeric_limits<double>::max());
    return trial;
  }

  // Makes the slot of a trial: what the study has of it, the rest as the sampler suggests.
  bool begin(std::uint64_t number) {
    Slot slot;
    slot.began = Clock::now();
    Trial& trial = slot.trial;
    if (number < stored_.size()) {
      trial = recalled(number);
      slot.written = trial.state;
    } else if (!wishes_.empty()) {
      trial.point = wishes_.front().parameters;
      trial.wish = wishes_.front().wish;
      wishes_.pop_front();
    } else {
      std::optional<std::vector<double>> proposed = proposals_.propose(
          number, [&](std::uint64_t i) { return std::span<const double>(slots_[i].trial.point); });
      if (!proposed) {
        result_.exhausted = true;
        limit_ = number;
        changed_.notify_all();
        return false;
      }
      trial.point = std::move(*proposed);
    }
    if (!ended(trial.state)) {
      trial.point = proposals_.complete(number, trial.point);
      trial.number = number;
      trial.state = TrialState::running;
      trial.intermediates.clear();
      trial.rungs.clear();
      trial.started = std::chrono::system_clock::now();
    }
    proposals_.began(number, trial.point);
    slots_.push_back(std::move(slot));
    return true;
  }

  void tell(const Trial& trial) {
    std::vector<std::int64_t> steps;
    std::vector<double> intermediate;
    for (const auto& [step, value] : trial.intermediates) {
      steps.push_back(step);
      // Samplers take what was watched for a value of the first objective's kind.
      intermediate.push_back(turned_ ? -value : value);
    }
    TrialOutcome outcome{trial.number, sampler_state(trial), trial.values, steps, intermediate};
    if (outcome.state == LATHE_STATE_COMPLETE) outcome.constraints = trial.constraints;
    sampler_.finished(outcome);
  }

  bool report(std::uint64_t number, std::int64_t step, double value) {
    const std::lock_guard lock(mutex_);
    Trial& trial = slots_[number].trial;
    trial.intermediates.push_back({step, value});
    if (!pruner_) return false;
    std::vector<const Trial*> told;
    for (std::uint64_t i = 0; i < told_before(number); ++i) told.push_back(&slots_[i].trial);
    return pruner_->prune(trial, told);
  }

  void evaluate(int index, std::uint64_t number) {
    Worker& worker = workers_[static_cast<std::size_t>(index)];
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
        [&] { return evaluate_(index, number, point, worker.stop, reported); }, given_up);
    settle(worker, number, std::move(outcome), given_up);
  }

  void settle(Worker& worker, std::uint64_t number, Trial outcome, bool given_up) {
    const std::lock_guard lock(mutex_);
    worker.busy = false;
    Trial& trial = slots_[number].trial;
    if (worker.timed_out) {
      given_up = false;
      outcome = Trial{};
      outcome.error =
          fmt::format("the trial took longer than {} seconds", options_.trial_timeout_seconds);
    }
    // Given up on Ctrl-C: it stays "running", and a resumed search runs it again.
    if (given_up) return;
    outcome.number = number;
    outcome.point = std::move(trial.point);
    outcome.intermediates = std::move(trial.intermediates);
    outcome.rungs = std::move(trial.rungs);
    outcome.started = trial.started;
    outcome.wish = trial.wish;
    outcome.completed = std::chrono::system_clock::now();
    if (outcome.state == TrialState::running) outcome.state = TrialState::fail;
    if (outcome.state != TrialState::complete) {
      outcome.values.clear();
      outcome.constraints.clear();
    }
    trial = std::move(outcome);
    advance();
  }

  // After a trial has ended: reports those whose turn it is, wakes who waits for it.
  void advance() {
    for (; ended_ < slots_.size() && ended(slots_[ended_].trial.state); ++ended_)
      if (events_.trial_ended) events_.trial_ended(slots_[ended_].trial);
    changed_.notify_all();
  }

  bool out_of_time() {
    if (options_.timeout_seconds <= 0 || seconds_since(start_) < options_.timeout_seconds)
      return false;
    result_.timed_out = true;
    return true;
  }

  void supervise() {
    std::unique_lock lock(mutex_);
    for (;;) {
      const bool over = idle_.wait_for(lock, kWriteInterval, [&] { return live_ == 0; });
      if (study_ != nullptr) {
        const std::vector<Trial> due = journal_.due(slots_, over);
        lock.unlock();
        const std::exception_ptr failed = write(due);
        lock.lock();
        if (failed) {
          if (!failure_) failure_ = failed;
          study_ = nullptr;  // what one write could not do, the next would only repeat
          stopping_ = true;
        }
      }
      if (over) return;
      if (events_.look) events_.look();
      if (cancelled_ && !stopping_) {
        result_.interrupted = true;
        stopping_ = true;
      }
      watch();
      if (stopping_) changed_.notify_all();
    }
  }

  std::exception_ptr write(const std::vector<Trial>& trials) {
    if (trials.empty()) return nullptr;
    try {
      std::vector<StoredTrial> group;
      for (const Trial& trial : trials) group.push_back(stored_of(trial, space_));
      study_->write(group);
      const std::vector<StoredTrial> wishes = study_->wishes();
      const std::lock_guard lock(mutex_);
      wishes_.insert(wishes_.end(), wishes.begin(), wishes.end());
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

  SearchResult finish() {
    for (Slot& slot : slots_)
      if (ended(slot.trial.state)) result_.trials.push_back(std::move(slot.trial));
    // Stopped before its turn came, and done all the same.
    for (std::uint64_t number = slots_.size(); number < stored_.size(); ++number) {
      if (!known(number)) continue;
      result_.trials.push_back(recalled(number));
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
  Proposals proposals_;
  const std::unique_ptr<Pruner> pruner_;  // null: none
  const bool turned_;                     // what is watched goes the other way than objective 0
  Study* study_;
  const Evaluate& evaluate_;
  const SearchEvents& events_;
  const std::atomic<bool>& cancelled_;
  const Clock::time_point start_ = Clock::now();

  std::mutex mutex_;
  std::condition_variable changed_;  // a trial has ended, or the search is over
  std::condition_variable idle_;     // a worker has left
  std::deque<Worker> workers_;
  std::vector<StoredTrial> stored_;
  std::deque<StoredTrial> wishes_;  // that others added meanwhile; each has the next free turn
  std::deque<Slot> slots_;          // by trial number
  std::uint64_t limit_ = 0;         // no trial from here on
  std::uint64_t ended_ = 0;         // trials below have ended and are reported
  std::uint64_t told_ = 0;          // the sampler knows the outcome of trials below
  std::size_t live_ = 0;            // workers
  bool stopping_ = false;
  std::exception_ptr failure_;
  Journal journal_;
  SearchResult result_;
};

}  // namespace

SearchResult run_trials(const SearchOptions& options, const SearchSpace& space, Sampler& sampler,
                        Study* study, const Evaluate& evaluate, const SearchEvents& events,
                        const std::atomic<bool>& cancelled) {
  return Loop(options, space, sampler, study, evaluate, events, cancelled).run();
}

}  // namespace lathe
