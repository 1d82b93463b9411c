// A study at one moment, while nobody else writes to it: what programs ask of it and tell it, also
// one that another program began. Knows trials as they are, whatever a search would make of them.
#pragma once

#include "core/search/study/storage.hpp"

namespace lathe {

struct HeldTrial {
  std::uint64_t number = 0;
  TrialState state = TrialState::running;
  Value params{Value::Map{}};  // what was chosen, by name; of one that waits, what is fixed
  std::vector<double> values;  // one per objective; empty unless complete
  std::chrono::system_clock::time_point started{}, completed{};
};

class HeldStudy {
 public:
  virtual ~HeldStudy() = default;
  // Its parameters: those it was begun with, then those that its trials have. Its attributes: ours.
  virtual const StudyDescription& description() const = 0;
  virtual const std::vector<HeldTrial>& trials() const = 0;  // in number order
  // Adds the trial, which is then the last, or brings its state, values and parameters up to date.
  // `parameters`: the domains of what it chose, by name.
  virtual void write(const HeldTrial& trial, const std::vector<StoredParameter>& parameters) = 0;
};

}  // namespace lathe
