#include "core/search/study/reasons.hpp"

#include <algorithm>

namespace lathe {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Each number becomes one mark.
std::string without_numbers(const std::string& text) {
  std::string kind;
  for (const char c : text) {
    if (!is_digit(c)) {
      kind += c;
    } else if (!kind.ends_with('#')) {
      kind += '#';
    }
  }
  return kind;
}

}  // namespace

std::size_t ReasonCounts::add(std::uint64_t trial, const std::string& text) {
  const std::string kind = without_numbers(text);
  const auto known = std::ranges::find(kinds_, kind);
  if (known == kinds_.end()) {
    kinds_.push_back(kind);
    reasons_.push_back({text, trial, 1});
    return 1;
  }
  return ++reasons_[static_cast<std::size_t>(known - kinds_.begin())].trials;
}

std::vector<Reason> failures_of(std::span<const Trial> trials) {
  ReasonCounts counts;
  for (const Trial& trial : trials)
    if (trial.state == TrialState::fail) counts.add(trial.number, trial.error);
  return counts.all();
}

std::vector<Reason> troubles_of(std::span<const Trial> trials) {
  ReasonCounts counts;
  for (const Trial& trial : trials)
    for (const std::string& trouble :
         trial.state == TrialState::fail ? std::vector<std::string>{} : trial.troubles)
      counts.add(trial.number, trouble);
  return counts.all();
}

}  // namespace lathe
