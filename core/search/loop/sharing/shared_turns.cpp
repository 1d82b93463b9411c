#include "core/search/loop/sharing/shared_turns.hpp"

#include "core/search/loop/turns/recall.hpp"

#include <algorithm>

namespace lathe {
namespace {

// A trial that another process has, or has ended.
Slot adopted(const SharedTrial& row, const SearchOptions& options) {
  StoredTrial stored = row.trial;
  stored.killed = 0;  // whoever has it knows
  Slot slot = recalled_slot(stored, options);
  slot.whose = row.whose;
  return slot;
}

}  // namespace

Exchange SharedTurns::gather(Journal& journal, bool over) {
  if (over) {
    for (const std::uint64_t number : granted_) slots_[number].trial.state = TrialState::waiting;
    granted_.clear();
    asked_.reset();
  }
  for (const Trial& trial : journal.due(slots_, over)) unsent_.push_back(stored_of(trial, space_));
  Exchange exchange{unsent_, asked_};
  if (over)
    for (const auto& [number, row] : ahead_)
      if (row.whose == Whose::ours && !ended(row.trial.state))
        exchange.settled.push_back(row.trial), exchange.settled.back().state = TrialState::waiting;
  return exchange;
}

SharedTurns::Changed SharedTurns::apply(const Exchange& exchange, ExchangeAnswer answer) {
  Changed changed;
  unsent_.clear();
  if (exchange.wanted) asked_.reset();
  for (const std::uint64_t number : answer.lost) {
    if (number >= slots_.size()) continue;
    slots_[number].whose = Whose::others;
    changed.lost.push_back(number);
  }
  for (SharedTrial& row : answer.news) {
    const std::uint64_t number = row.trial.number;
    if (number < slots_.size())
      change(slots_[number], row, changed);
    else
      ahead_.insert_or_assign(number, std::move(row));
  }
  // It was left to another who did not take it either.
  if (exchange.wanted && exchange.wanted->number < slots_.size())
    if (const Slot& slot = slots_[exchange.wanted->number];
        slot.whose == Whose::nobodys && !ended(slot.trial.state))
      orphans_.insert(exchange.wanted->number);
  return changed;
}

void SharedTurns::change(Slot& slot, const SharedTrial& news, Changed& changed) {
  const std::uint64_t number = news.trial.number;
  if (ended(slot.trial.state)) return;
  const bool was_ours = slot.whose == Whose::ours;
  orphans_.erase(number);
  if (was_ours && news.whose != Whose::ours) {
    std::erase(granted_, number);
    settled(slot);
    changed.lost.push_back(number);
  }
  if (ended(news.trial.state)) {
    slot = adopted(news, options_);
    changed.ended.push_back(number);
  } else if (news.whose == Whose::ours && !was_ours) {
    slot = recalled_slot(news.trial, options_);
    slot.began = std::chrono::steady_clock::now();
    if (ended(slot.trial.state)) {
      changed.ended.push_back(number);  // set aside
    } else {
      granted_.push_back(number);
      slot.trial.state = TrialState::running;
      suspects_ += slot.suspect ? 1 : 0;
    }
  } else {
    slot.whose = news.whose;
    if (news.whose == Whose::nobodys) orphans_.insert(number);
  }
}

const SharedTrial* SharedTurns::ahead(std::uint64_t number) const {
  const auto found = ahead_.find(number);
  return found == ahead_.end() ? nullptr : &found->second;
}

Slot SharedTurns::take_ahead(std::uint64_t number) {
  const auto row = ahead_.find(number);
  const bool ours = row->second.whose == Whose::ours && !ended(row->second.trial.state);
  Slot slot = ours ? recalled_slot(row->second.trial, options_) : adopted(row->second, options_);
  suspects_ += slot.suspect ? 1 : 0;
  ahead_.erase(row);
  return slot;
}

std::deque<Slot> SharedTurns::slots_ahead() const {
  std::deque<Slot> slots;
  for (const auto& [number, row] : ahead_) slots.push_back(adopted(row, options_));
  return slots;
}

bool SharedTurns::ask_for_orphan() {
  if (asks() || has_suspect() || orphans_.empty()) return false;
  const Slot& slot = slots_[*orphans_.begin()];
  Trial trial = slot.trial;
  trial.state = TrialState::running;
  trial.started = std::chrono::system_clock::now();
  ask(trial);
  // If another is faster, there will be news of it.
  orphans_.erase(orphans_.begin());
  return true;
}

std::optional<std::uint64_t> SharedTurns::granted() {
  if (granted_.empty()) return std::nullopt;
  const std::uint64_t number = granted_.front();
  granted_.pop_front();
  return number;
}

bool SharedTurns::others_run(std::uint64_t first) const {
  if (asks() || !granted_.empty() || !orphans_.empty()) return true;
  for (std::uint64_t number = first; number < slots_.size(); ++number) {
    const Slot& slot = slots_[number];
    if (!ended(slot.trial.state) && (slot.whose == Whose::others || slot.whose == Whose::nobodys))
      return true;
  }
  return false;
}

}  // namespace lathe
