// A study at one moment, while nobody else writes to it: what programs ask of it and tell it, also
// one that another program began. Knows trials as they are, whatever a search would make of them.
#pragma once

#include "core/search/study/trial.hpp"

namespace lathe {

struct HeldTrial : Trial {
  Value params{Value::Map{}};  // its point, by name; of one that waits also what is fixed
};

class HeldStudy {
 public:
  virtual ~HeldStudy() = default;
  // Its parameters: those it was begun with, then those that its trials have. Its attributes: ours.
  virtual const StudyDescription& description() const = 0;
  // In number order, as it was when it was taken hold of.
  virtual const std::vector<HeldTrial>& trials() const = 0;

  // One of these, once.
  // Begins a trial: one that waits, or the next. `domains`: of what it chose, by name.
  virtual void begin(std::uint64_t number, const Value& params,
                     const std::vector<StoredParameter>& domains) = 0;
  // Adds a trial that waits, and gives its number.
  virtual std::uint64_t enqueue(const Value& fixed) = 0;
  // REQUIRES: the trial runs.
  virtual void end(std::uint64_t number, TrialState state, const std::vector<double>& values) = 0;
};

}  // namespace lathe
