#include "core/search/loop/turns/upcoming_trials.hpp"

#include "core/base/error.hpp"
#include "core/search/loop/turns/recall.hpp"

#include <chrono>
#include <limits>
#include <thread>

namespace lathe {
namespace {

// A server that goes away meanwhile is waited for.
ExchangeAnswer first_news(SharedStudy& study) {
  constexpr std::chrono::milliseconds kAgain{200};
  for (std::chrono::milliseconds left{60'000};; left -= kAgain) {
    try {
      return study.exchange({});
    } catch (const Error& error) {
      if (error.code() != LATHE_UNAVAILABLE || left.count() <= 0) throw;
    }
    std::this_thread::sleep_for(kAgain);
  }
}

}  // namespace

UpcomingTrials::UpcomingTrials(const SearchOptions& options, const SearchSpace& space,
                               Sampler& sampler, Study* study, bool same_outcome,
                               std::deque<Slot>& slots, SearchResult& result)
    : options_(options),
      proposals_(options, space, sampler),
      same_outcome_(same_outcome),
      slots_(slots),
      result_(result) {
  if (study != nullptr && study->shared() != nullptr) {
    shared_.emplace(options, space, slots);
    shared_->apply({}, first_news(*study->shared()));
  } else if (study != nullptr) {
    recalled_ = recalled_trials(*study, options);
  }
  if (options.retry_failed) wishes_ = retries_of(shared_ ? shared_->slots_ahead() : recalled_);
  known_ = recalled_.size() + (shared_ ? shared_->trials_ahead() : 0);
  limit_ = options.n_trials == 0 ? std::numeric_limits<std::uint64_t>::max()
                                 : static_cast<std::uint64_t>(options.n_trials);
  limit_ = std::max<std::uint64_t>(limit_, known_ + wishes_.size());
}

bool UpcomingTrials::known(std::uint64_t number) const {
  return shared_ ? shared_->ahead(number) != nullptr : !recalled_.empty();
}

bool UpcomingTrials::ended_already(std::uint64_t number) const {
  if (!known(number)) return false;
  return ended(shared_ ? shared_->ahead(number)->trial.state : recalled_.front().trial.state);
}

UpcomingTrials::Turn UpcomingTrials::begin(std::uint64_t number) {
  return shared_ ? begin_shared(number) : begin_alone(number);
}

// What the study has of it, or what somebody wants, the rest as the sampler suggests.
UpcomingTrials::Turn UpcomingTrials::begin_alone(std::uint64_t number) {
  Slot slot;
  slot.began = std::chrono::steady_clock::now();
  Trial& trial = slot.trial;
  if (!recalled_.empty()) {
    slot = std::move(recalled_.front());
    slot.began = std::chrono::steady_clock::now();
    recalled_.pop_front();
  } else if (!wishes_.empty()) {
    trial = std::move(wishes_.front());
    wishes_.pop_front();
  } else if (!propose(number, trial)) {
    return Turn::none;
  }
  if (ended(trial.state)) {
    proposals_.began(number, trial.point);
    ++result_.resumed;
  } else {
    trial.point = proposals_.complete(number, trial.point);
    start(number, trial);
  }
  push(std::move(slot));
  return Turn::begun;
}

// The same where the study tells who has a trial, and at which point.
UpcomingTrials::Turn UpcomingTrials::begin_shared(std::uint64_t number) {
  const SharedTrial* row = shared_->ahead(number);
  const bool free = row == nullptr || (row->whose == Whose::nobodys && !ended(row->trial.state));
  if (free) return ask(number, row);
  Slot slot = shared_->take_ahead(number);
  slot.began = std::chrono::steady_clock::now();
  Trial& trial = slot.trial;
  std::erase_if(wishes_, [&](const Trial& wish) { return wish.retries == trial.retries; });
  if (slot.whose == Whose::ours && !ended(trial.state)) {
    start(number, trial);
    if (ended(trial.state)) shared_->settled(slot);
  } else {
    proposals_.began(number, trial.point);
    if (ended(trial.state)) ++(number < known_ ? result_.resumed : result_.elsewhere);
  }
  push(std::move(slot));
  return Turn::begun;
}

// Asks for a trial that nobody has; `row`: what the study has of it.
UpcomingTrials::Turn UpcomingTrials::ask(std::uint64_t number, const SharedTrial* row) {
  if (shared_->asks()) return Turn::later;
  Trial trial;
  if (row != nullptr) {
    if (row->trial.state == TrialState::running && shared_->has_suspect()) return Turn::later;
    trial = trial_of(row->trial);
  } else if (!wishes_.empty()) {
    trial = wishes_.front();
  } else if (!propose(number, trial)) {
    return Turn::none;
  }
  trial.number = number;
  trial.point = proposals_.complete(number, trial.point);
  trial.state = TrialState::running;
  trial.started = std::chrono::system_clock::now();
  shared_->ask(trial);
  return Turn::asked;
}

bool UpcomingTrials::propose(std::uint64_t number, Trial& trial) {
  std::optional<std::vector<double>> point = proposals_.propose(
      number, [&](std::uint64_t i) { return std::span<const double>(slots_[i].trial.point); });
  if (point) {
    trial.point = std::move(*point);
    return true;
  }
  result_.exhausted = true;
  limit_ = number;
  return false;
}

void UpcomingTrials::start(std::uint64_t number, Trial& trial) {
  trial.number = number;
  trial.state = TrialState::running;
  trial.intermediates.clear();
  trial.rungs.clear();
  trial.started = std::chrono::system_clock::now();
  const std::optional<std::uint64_t> same = proposals_.began(number, trial.point);
  if (same && !options_.repeats_evaluated) serve(trial, slots_[*same].trial);
}

void UpcomingTrials::serve(Trial& trial, const Trial& same) {
  if (same.state != TrialState::complete || !same_outcome_) return;
  trial.state = same.state;
  trial.values = same.values;
  trial.constraints = same.constraints;
  trial.intermediates = same.intermediates;
  trial.software_metrics = same.software_metrics;
  trial.hardware_metrics = same.hardware_metrics;
  trial.scaled_metrics = same.scaled_metrics;
  trial.untrained = same.untrained;
  trial.troubles = same.troubles;
  trial.completed = trial.started;
  ++result_.served;
}

void UpcomingTrials::push(Slot slot) {
  slots_.push_back(std::move(slot));
  order_.push_back(&slots_.back().trial);
}

std::deque<Slot> UpcomingTrials::left() {
  return shared_ ? shared_->slots_ahead() : std::move(recalled_);
}

}  // namespace lathe
