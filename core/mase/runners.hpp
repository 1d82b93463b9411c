// A runner of [search.strategy.sw_runner] or hw_runner in Lathe's words. Knows nothing about the
// rest of the [search] table.
#pragma once

#include "core/base/value.hpp"

#include <string_view>

namespace lathe {

// The pass that scores a network; it publishes the statistics that fit the run's loss.
inline constexpr std::string_view kScoringPass = "evaluate";

struct SearchRunner {
  std::string word;             // as written: "basic_evaluation"
  std::string pass;             // id of the analysis pass to run: "evaluate"
  Value options{Value::Map{}};  // of that pass, in its words: {num_samples, split}
  bool trains = false;          // train before: basic_train
  // For that training: {max_epochs, learning_rate, training_optimizer, ...}, and max_samples, which
  // bounds the samples trained on.
  Value training{Value::Map{}};
  bool hardware = false;  // its scalars are logged as hardware metrics
  Position position;
};

SearchRunner read_runner(const std::string& word, const Value& given, bool hardware);

}  // namespace lathe
