// Which of two models proposes a trial: the surrogate or TPE, the more often the better its
// proposals turned out of late, among the results of the last trials. Knows no model.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace search_strategies {

enum class Proposer : std::size_t { kSurrogate, kTpe };

class Trust {
 public:
  explicit Trust(std::uint64_t seed) : seed_(seed) {}

  // Who proposes, as things stand: the same for every attempt, and for a trial that is stored.
  Proposer proposer(std::uint64_t trial) const;

  void started(std::uint64_t trial);
  // `values`: to be minimised; empty: the trial ended without them.
  void finished(std::uint64_t trial, std::vector<double> values);

  // Whether TPE is asked half as often as its proposals deserve.
  void ask_tpe_less(bool less) { less_ = less; }

  double tpe_share() const;

 private:
  struct Credit {
    double earned = 1, proposals = 1;
  };
  struct Running {
    std::uint64_t trial;
    Proposer proposer;
  };

  double credit(const std::vector<double>& values) const;

  std::uint64_t seed_;
  std::array<Credit, 2> credits_;
  std::deque<Running> running_;
  std::deque<std::vector<double>> results_;  // the last ones
  std::uint64_t told_ = 0;
  bool less_ = false;
};

}  // namespace search_strategies
