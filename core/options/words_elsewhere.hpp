// What other tools call the options of a run, for hints: PyTorch's scripts, Lightning,
// transformers, Optuna, timm. Nobody accepts these words. Knows no option.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lathe {

// The key that an option has here: "learning_rate" for "lr", "--lr" and "LR". Nothing for a word
// that is none of theirs.
std::optional<std::string_view> key_elsewhere(std::string_view word);

// What to say of a word of theirs that is no option here, because it goes without saying: "; sgd
// has Nesterov momentum of 0.9" for "momentum". Empty for any other.
std::string_view note_elsewhere(std::string_view word);

// "; did you mean 'learning_rate'?" where another tool's word means one of `known`, which may be
// keys or flags; its note, if it has one; else suggestion() (core/base/words/suggest.hpp).
std::string option_suggestion(std::string_view word, const std::vector<std::string>& known);

}  // namespace lathe
