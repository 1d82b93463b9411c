// How far a trial has come, and the word for it in a study, in log.json and in Optuna.
#pragma once

#include <optional>
#include <string_view>

namespace lathe {

enum class TrialState { running, complete, pruned, fail, waiting };

// Neither running nor waiting.
bool ended(TrialState state);

std::string_view state_word(TrialState state);  // "COMPLETE"
std::optional<TrialState> state_of_word(std::string_view word);

}  // namespace lathe
