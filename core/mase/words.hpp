// MASE's words for tasks, splits, passes, formats and options, and what they are here. Everything
// else in the program speaks Lathe's words only.
#pragma once

#include "core/base/value.hpp"

namespace lathe {

// Each returns what Lathe calls it, or nothing if the word is unknown.
std::optional<std::string> task_word(std::string_view word);   // "cls" -> "classification"
std::optional<std::string> split_word(std::string_view word);  // "val_dataloader" -> "validation"

// A word that is no alias comes back as it is, a pass's without the ending that MASE's have.
std::string pass_word(std::string_view word);  // "quantize_transform_pass" -> "quantize"
std::vector<std::string> words_of_pass(std::string_view id);  // MASE's other names of it
std::string_view without_pass_ending(std::string_view word);  // "_transform_pass" and its like
std::string pass_option_word(std::string_view pass, std::string_view key);  // Lathe's name of it
std::string format_word(std::string_view word);  // "fixed" -> "integer", "msfp" -> "block_fp"
std::string option_word(std::string_view key);   // of a file: "to_debug" -> "debug"

// The other way: what the runner basic_train calls a training option.
std::string runner_key(std::string_view training_option);  // "training_optimizer" -> "optimizer"

// The block that MASE logs as `default` in every sampled config.
Value logged_default_config();

}  // namespace lathe
