// The trials to come, in number order: those that the study has, those that somebody wants, then
// what the sampler proposes. Knows nothing of threads: every call is made under the lock of the
// loop.
#pragma once

#include "core/search/loop/result.hpp"
#include "core/search/loop/sharing/shared_turns.hpp"
#include "core/search/points/proposals.hpp"

namespace lathe {

class UpcomingTrials {
 public:
  // `slots`: the trials that have begun, by number. `same_outcome`: a point has one, so a trial of
  // an earlier one's point is not evaluated. Throws if the study cannot be read. REQUIRES: the
  // references outlive it.
  UpcomingTrials(const SearchOptions& options, const SearchSpace& space, Sampler& sampler,
                 Study* study, bool same_outcome, std::deque<Slot>& slots, SearchResult& result);

  // Where several processes work on the study; null: nobody else does.
  SharedTurns* shared() { return shared_ ? &*shared_ : nullptr; }
  const SharedTurns* shared() const { return shared_ ? &*shared_ : nullptr; }

  // No trial from here on, but what is known() or others run.
  std::uint64_t limit() const { return limit_; }
  // Whether the study has the next trial.
  bool known(std::uint64_t number) const;
  // Whether it has its outcome, so that it takes no time.
  bool ended_already(std::uint64_t number) const;
  // So that it is known which trial it was if the process ends again.
  bool alone() const { return !recalled_.empty() && recalled_.front().suspect; }

  // none: there is no such trial; later: the study is asked for it; asked: since this call.
  enum class Turn { none, later, asked, begun };
  // Makes the slot of the next trial.
  Turn begin(std::uint64_t number);

  void want(Trial wish) { wishes_.push_back(std::move(wish)); }
  // The trials that have begun, by number.
  std::span<const Trial* const> order() const { return order_; }
  // Those of the study whose turn did not come; they are given away.
  std::deque<Slot> left();

 private:
  Turn begin_alone(std::uint64_t number);
  Turn begin_shared(std::uint64_t number);
  Turn ask(std::uint64_t number, const SharedTrial* row);
  bool propose(std::uint64_t number, Trial& trial);
  void start(std::uint64_t number, Trial& trial);
  void serve(Trial& trial, const Trial& same);
  void push(Slot slot);

  const SearchOptions& options_;
  Proposals proposals_;
  const bool same_outcome_;
  std::deque<Slot>& slots_;
  SearchResult& result_;
  std::optional<SharedTurns> shared_;
  std::deque<Slot> recalled_;  // of the study, those whose turn has not come; the next one first
  std::deque<Trial> wishes_;   // that somebody wants; each has the next free turn
  std::vector<const Trial*> order_;
  std::uint64_t limit_ = 0;
  std::uint64_t known_ = 0;  // trials that the study had at first
};

}  // namespace lathe
