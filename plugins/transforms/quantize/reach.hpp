// What a format can hold, found by trying: no format has to say it.
#pragma once

#include "operand.hpp"

namespace quantize {

// Of one index: the outermost values of the format, and the least and the largest number that it
// rounds rather than clips: as far beyond an outermost value as the rounding to it reaches inwards.
struct Reach {
  double low, high;
  double clips_below, clips_above;
};

std::vector<Reach> reach_of(const Operand& operand, const lathe::used_format& used);

// How many values a choice clips, and how many others that are not zero it makes zero.
struct Losses {
  std::int64_t clipped = 0, zeroed = 0;
};

class LossCount {
 public:
  LossCount(const Operand& operand, Trial trial);
  void see(Operand& operand, std::size_t which, const lathe_tensor& x);
  const Losses& losses() const { return losses_; }
  const Trial& trial() const { return trial_; }

 private:
  Trial trial_;
  std::vector<Reach> reach_;
  Losses losses_;
};

}  // namespace quantize
