#include "core/search/study/trial_state.hpp"

namespace lathe {
namespace {

struct StateWord {
  TrialState state;
  std::string_view word;
};
constexpr StateWord kStates[] = {
    {TrialState::running, "RUNNING"}, {TrialState::complete, "COMPLETE"},
    {TrialState::pruned, "PRUNED"},   {TrialState::fail, "FAIL"},
    {TrialState::waiting, "WAITING"},
};

}  // namespace

bool ended(TrialState state) {
  return state != TrialState::running && state != TrialState::waiting;
}

std::string_view state_word(TrialState state) {
  for (const StateWord& row : kStates)
    if (row.state == state) return row.word;
  return "FAIL";
}

std::optional<TrialState> state_of_word(std::string_view word) {
  for (const StateWord& row : kStates)
    if (row.word == word) return row.state;
  return std::nullopt;
}

}  // namespace lathe
