#include "error_search.hpp"

#include <algorithm>

#include "../../option_values.hpp"
#include "../formats/kernel.hpp"

namespace quantize {

namespace {

// Beyond a sixteenth of the range clipping has never been the smaller error in practice (Banner et
// al., "Post training 4-bit quantization of convolutional networks", 2019, find the best clip near
// a third of it at 4 bits). Four steps an octave: powers of two, for formats of such steps, are
// among them exactly.
constexpr int kOctaves = 4, kSteps = 4;

// Partial sums in a fixed order: the same on every machine.
LATHE_KERNEL
double squared_error(const float* x, const float* y, std::uint64_t count) {
  constexpr std::uint64_t kLanes = 8;
  double sums[kLanes] = {};
  const auto square = [](float a, float b) {
    const double error = static_cast<double>(a) - static_cast<double>(b);
    const bool finite = a - a == 0;
    return finite ? error * error : 0;
  };
  std::uint64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::uint64_t j = 0; j < kLanes; ++j) sums[j] += square(x[i + j], y[i + j]);
  }
  double total = 0;
  for (; i < count; ++i) total += square(x[i], y[i]);
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace

ErrorSearch::ErrorSearch(const Operand& operand) : extent_(operand.extent()) {
  constexpr double kParts[kSteps] = {1.0, 0.84089641525371454, 0.70710678118654752,
                                     0.59460355750136051};  // 2^(-i/4)
  for (int step = 0; step <= kOctaves * kSteps; ++step) {
    Trial trial = operand.fitted(std::ldexp(kParts[step % kSteps], -(step / kSteps)));
    if (!trials_.empty() && option_values::same(trials_.back().options, trial.options)) continue;
    trials_.push_back(std::move(trial));
  }
  errors_.resize(trials_.size() * extent_);
}

void ErrorSearch::see(Operand& operand, std::size_t which, const lathe_tensor& x) {
  const lathe::tensor<const float> values(x);
  for (std::size_t t = 0; t < trials_.size(); ++t) {
    const lathe::tensor<const float> made = operand.quantized(trials_[t].used[which], x);
    for_each_run(values.shape(), operand.axis(),
                 [&](std::uint64_t index, std::uint64_t begin, std::uint64_t count) {
                   errors_[t * extent_ + index] +=
                       squared_error(values.data() + begin, made.data() + begin, count);
                 });
  }
}

std::vector<double> ErrorSearch::best_parts() const {
  std::vector<double> parts;
  for (std::uint64_t index = 0; index < extent_; ++index) {
    std::size_t best = 0;
    for (std::size_t t = 1; t < trials_.size(); ++t) {
      if (errors_[t * extent_ + index] < errors_[best * extent_ + index]) best = t;
    }
    parts.push_back(trials_[best].part);
  }
  return parts;
}

}  // namespace quantize
