// Whose turn it is where several processes work on one study: the trials that others began, those
// whose process has ended, and what this one asks for. Knows nothing of threads and samplers: every
// call is made under the lock of the loop.
#pragma once

#include "core/search/plan/options.hpp"
#include "core/search/study/journal.hpp"
#include "core/search/study/shared_study.hpp"

#include <deque>
#include <map>
#include <set>

namespace lathe {

class SharedTurns {
 public:
  // `slots`: the trials that have begun here, by number. REQUIRES: the arguments outlive it.
  SharedTurns(const SearchOptions& options, const SearchSpace& space, std::deque<Slot>& slots)
      : options_(options), space_(space), slots_(slots) {}

  // What is to be exchanged now: what has ended here, and what is asked for. `over`: what this
  // process has of trials is given back.
  Exchange gather(Journal& journal, bool over);
  // Numbers of slots that this changed.
  struct Changed {
    std::vector<std::uint64_t> ended;  // by others
    std::vector<std::uint64_t> lost;   // evaluated here, and taken over by another
  };
  Changed apply(const Exchange& exchange, ExchangeAnswer answer);

  // What the study has of a trial that has not begun here; null: nothing.
  const SharedTrial* ahead(std::uint64_t number) const;
  // The slot of that trial. REQUIRES: it is there, and it is not nobody's.
  Slot take_ahead(std::uint64_t number);
  // All of them, as they are now.
  std::deque<Slot> slots_ahead() const;
  std::uint64_t trials_ahead() const { return ahead_.size(); }

  // One question at a time; the answer shows in ahead(), or in granted().
  bool asks() const { return asked_.has_value(); }
  void ask(const Trial& trial) { asked_ = stored_of(trial, space_); }
  // Asks for a trial that began here and is nobody's; false: there is none, or it has to wait.
  bool ask_for_orphan();
  // A trial that began elsewhere, and is to be evaluated here.
  std::optional<std::uint64_t> granted();
  // A trial that a process ended with is evaluated beside no other such trial, so that it is known
  // which one it was if that happens again.
  bool has_suspect() const { return suspects_ > 0; }
  void settled(const Slot& slot) { suspects_ -= slot.suspect ? 1 : 0; }

  // Whether another process evaluates a trial from `first` on, or should.
  bool others_run(std::uint64_t first) const;
  std::size_t unsent() const { return unsent_.size(); }

 private:
  void change(Slot& slot, const SharedTrial& news, Changed& changed);

  const SearchOptions& options_;
  const SearchSpace& space_;
  std::deque<Slot>& slots_;
  std::map<std::uint64_t, SharedTrial> ahead_;
  std::set<std::uint64_t> orphans_;    // slots that are nobody's
  std::deque<std::uint64_t> granted_;  // slots to evaluate
  std::optional<StoredTrial> asked_;   // a trial to evaluate
  std::vector<StoredTrial> unsent_;    // what has ended, and the study does not have
  std::size_t suspects_ = 0;           // that are granted, or evaluated
};

}  // namespace lathe
