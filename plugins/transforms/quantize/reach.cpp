#include "reach.hpp"

#include <cstring>

namespace quantize {

namespace {

// Floats in their order as integers, and back.
std::int32_t place_of(float x) {
  std::int32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits >= 0 ? bits : std::numeric_limits<std::int32_t>::min() - bits;
}
float float_at(std::int32_t place) {
  const std::int32_t bits = place >= 0 ? place : std::numeric_limits<std::int32_t>::min() - place;
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

constexpr float kLargest = std::numeric_limits<float>::max();

// A format of which every index is asked at once; `sign` -1 turns it upside down, so that the upper
// end is all that there is to find.
class Asked {
 public:
  Asked(const Operand& operand, const lathe::used_format& used, float sign)
      : operand_(operand), used_(used), sign_(sign) {}

  std::vector<float> at(std::vector<float> x) const {
    for (float& value : x) value *= sign_;
    std::vector<float> y = operand_.quantized(used_, x, 1);
    for (float& value : y) value *= sign_;
    return y;
  }
  // The least x that becomes `level` or more.
  std::vector<float> first_at(const std::vector<float>& level) const {
    const std::size_t count = level.size();
    std::vector<std::int64_t> low(count, place_of(-kLargest)), high(count, place_of(kLargest));
    std::vector<float> middle(count);
    for (int step = 0; step < 33; ++step) {
      for (std::size_t i = 0; i < count; ++i) {
        middle[i] = float_at(static_cast<std::int32_t>(low[i] + (high[i] - low[i]) / 2));
      }
      const std::vector<float> y = at(middle);
      for (std::size_t i = 0; i < count; ++i) {
        const std::int64_t here = low[i] + (high[i] - low[i]) / 2;
        if (y[i] >= level[i]) {
          high[i] = here;
        } else if (here < high[i]) {
          low[i] = here + 1;
        }
      }
    }
    for (std::size_t i = 0; i < count; ++i)
      middle[i] = float_at(static_cast<std::int32_t>(high[i]));
    return middle;
  }

 private:
  const Operand& operand_;
  const lathe::used_format& used_;
  float sign_;
};

// How far up numbers are rounded to the highest value rather than clipped, if those from `first` on
// are rounded up to it from the next lower one's.
double beyond(double next, double highest, double first) {
  const double step = highest - next;
  const auto is = [&](double place) { return std::abs(first - place) <= 1e-5 * step; };
  if (is(highest)) return highest + step;  // rounds down
  if (is(next)) return highest;            // rounds up
  if (is(next + step / 2)) return highest + step / 2;
  return first > 0 ? highest * (highest / first) : highest;  // rounds to the nearest power
}

// The outermost value, and where clipping begins.
std::vector<std::pair<double, double>> upper_ends(const Asked& asked, std::uint64_t extent) {
  const std::vector<float> top = asked.at(std::vector<float>(extent, kLargest));
  const std::vector<float> first = asked.first_at(top);
  std::vector<float> before(extent);
  for (std::size_t i = 0; i < extent; ++i) {
    before[i] = first[i] > -kLargest ? float_at(place_of(first[i]) - 1) : first[i];
  }
  const std::vector<float> second = asked.at(before);
  std::vector<std::pair<double, double>> ends;
  for (std::size_t i = 0; i < extent; ++i) {
    const auto highest = static_cast<double>(top[i]);
    const auto next = static_cast<double>(second[i]);
    double clips = std::numeric_limits<double>::infinity();  // there is one value only
    if (next < highest) clips = beyond(next, highest, static_cast<double>(first[i]));
    ends.emplace_back(highest, clips);
  }
  return ends;
}

}  // namespace

std::vector<Reach> reach_of(const Operand& operand, const lathe::used_format& used) {
  const auto up = upper_ends(Asked(operand, used, 1), operand.extent());
  const auto down = upper_ends(Asked(operand, used, -1), operand.extent());
  std::vector<Reach> reach;
  for (std::size_t i = 0; i < up.size(); ++i) {
    reach.push_back({-down[i].first, up[i].first, -down[i].second, up[i].second});
  }
  return reach;
}

LossCount::LossCount(const Operand& operand, Trial trial)
    : trial_(std::move(trial)), reach_(reach_of(operand, trial_.used[0])) {}

void LossCount::see(Operand& operand, std::size_t which, const lathe_tensor& x) {
  const lathe::tensor<const float> values(x);
  const lathe::tensor<const float> made = operand.quantized(trial_.used[which], x);
  const bool no_negatives = operand.is_unsigned();
  for_each_run(values.shape(), operand.axis(),
               [&](std::uint64_t index, std::uint64_t begin, std::uint64_t count) {
                 const Reach& reach = reach_[index];
                 for (std::uint64_t i = begin; i < begin + count; ++i) {
                   const float value = values[i];
                   if (!std::isfinite(value) || (no_negatives && value < 0)) continue;
                   const auto exact = static_cast<double>(value);
                   if (exact < reach.clips_below || exact > reach.clips_above) {
                     ++losses_.clipped;
                   } else if (value != 0 && made[i] == 0) {
                     ++losses_.zeroed;
                   }
                 }
               });
}

}  // namespace quantize
