// Why trials failed, and what was wrong with their networks, each reason once: a hundred trials
// that diverge have one. Reasons are alike if they differ in numbers only.
#pragma once

#include "core/search/study/trial.hpp"

#include <span>

namespace lathe {

struct Reason {
  std::string text;         // of the first trial that had it
  std::uint64_t first = 0;  // the number of that trial
  std::size_t trials = 0;
};

// As they come. Not thread-safe.
class ReasonCounts {
 public:
  // How many there are like this one, itself included.
  std::size_t add(std::uint64_t trial, const std::string& text);
  const std::vector<Reason>& all() const { return reasons_; }  // in the order of the first ones

 private:
  std::vector<std::string> kinds_;  // as reasons_
  std::vector<Reason> reasons_;
};

std::vector<Reason> failures_of(std::span<const Trial> trials);
// Of trials that did not fail.
std::vector<Reason> troubles_of(std::span<const Trial> trials);

}  // namespace lathe
