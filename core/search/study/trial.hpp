// What a search knows of a trial.
#pragma once

#include "core/search/study/storage.hpp"

namespace lathe {

struct Trial {
  std::uint64_t number = 0;
  TrialState state = TrialState::running;
  std::vector<double> point;
  std::vector<double> values;
  std::vector<double> constraints;  // how far each is violated; at most 0: it is met
  // What was watched while it trained, by rising step, and, of those values, the ones with which it
  // completed rungs of successive halving.
  std::vector<StoredTrial::Intermediate> intermediates;
  std::vector<double> rungs;
  Value software_metrics{Value::Map{}};
  Value hardware_metrics{Value::Map{}};
  Value scaled_metrics{Value::Map{}};
  Value explained{Value::Map{}};  // numbers that the sampler tells about its point
  std::string error;              // why it failed
  // The failed trials that it runs once more, the first one first, as Optuna keeps them.
  std::vector<std::uint64_t> retries;
  // Layers that were evaluated with fresh weights because a transform replaced trained ones.
  std::vector<std::string> untrained;
  // What was wrong with the numbers of its network: sentences.
  std::vector<std::string> troubles;
  std::chrono::system_clock::time_point started{}, completed{};
  std::optional<std::int64_t> wish;  // of StoredTrial

  double violation() const;  // of all constraints together; 0: it meets them
};

}  // namespace lathe
