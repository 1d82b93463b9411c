#include "trust.hpp"

#include <algorithm>
#include <cmath>

namespace search_strategies {

namespace {

constexpr std::size_t kResults = 256;
constexpr double kMemory = 0.97;  // of what was earned, from trial to trial
constexpr double kLeastShare = 0.25, kMostShare = 0.8;
// TPE reads all trials: beyond these it is asked ever more rarely, so that a trial costs the same.
constexpr std::uint64_t kTrialsForTpe = 1000;

// Uniform on [0, 1), of a trial (Steele, Lea and Flood, "Fast splittable pseudorandom number
// generators", 2014).
double uniform_of(std::uint64_t seed, std::uint64_t trial) {
  std::uint64_t z = seed * 0xD1342543DE82EF95U + (trial + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

}  // namespace

double Trust::tpe_share() const {
  const auto merit = [&](Proposer proposer) {
    const Credit& credit = credits_[static_cast<std::size_t>(proposer)];
    return std::pow(credit.earned / credit.proposals, 2);
  };
  const double tpe = merit(Proposer::kTpe);
  const double share = (less_ ? 0.5 : 1.0) * std::clamp(tpe / (tpe + merit(Proposer::kSurrogate)),
                                                        kLeastShare, kMostShare);
  if (told_ <= kTrialsForTpe) return share;
  return share * static_cast<double>(kTrialsForTpe) / static_cast<double>(told_);
}

Proposer Trust::proposer(std::uint64_t trial) const {
  return uniform_of(seed_, trial) < tpe_share() ? Proposer::kTpe : Proposer::kSurrogate;
}

void Trust::started(std::uint64_t trial) { running_.push_back({trial, proposer(trial)}); }

void Trust::finished(std::uint64_t trial, std::vector<double> values) {
  while (!running_.empty() && running_.front().trial < trial) running_.pop_front();
  if (running_.empty() || running_.front().trial != trial) return;
  ++told_;
  for (Credit& credit : credits_) {
    credit.earned = 1 + (credit.earned - 1) * kMemory;
    credit.proposals = 1 + (credit.proposals - 1) * kMemory;
  }
  Credit& own = credits_[static_cast<std::size_t>(running_.front().proposer)];
  own.earned += credit(values);
  own.proposals += 1;
  running_.pop_front();
  if (values.empty()) return;
  results_.push_back(std::move(values));
  if (results_.size() > kResults) results_.pop_front();
}

// 0 for the worst of the last results, growing with the logarithm of how few are better.
double Trust::credit(const std::vector<double>& values) const {
  if (values.empty()) return 0;
  double better = 0;
  for (const std::vector<double>& other : results_) {
    bool no_worse = true, same = true;
    for (std::size_t o = 0; o < values.size(); ++o) {
      no_worse &= other[o] <= values[o];
      same &= other[o] == values[o];
    }
    if (no_worse) better += same && values.size() == 1 ? 0.5 : 1;
  }
  return -std::log((better + 1) / (static_cast<double>(results_.size()) + 1));
}

}  // namespace search_strategies
