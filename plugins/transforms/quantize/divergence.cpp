#include "histogram.hpp"

#include <algorithm>

#include "../../option_values.hpp"

namespace quantize {

namespace {

constexpr std::uint64_t kBins = Histogram::kBins;
// Thresholds are so many bins of 2048 apart, down to a sixteenth of the range (128 bins, Migacz's
// least).
constexpr std::uint64_t kThresholdStep = 16, kLeastThreshold = 128;

// Bins of one index that the format gives one level; they are next to each other.
struct Level {
  std::uint64_t first, end;
  double value;
};

std::vector<Level> levels_of(const float* made) {
  std::vector<Level> levels;
  for (std::uint64_t bin = 0; bin < kBins; ++bin) {
    const auto value = static_cast<double>(made[bin]);
    if (levels.empty() || levels.back().value != value) {
      levels.push_back({bin, bin, value});
    }
    levels.back().end = bin + 1;
  }
  return levels;
}

// The bins that are not clipped: up to half a step beyond the outer levels.
struct Inside {
  std::uint64_t first, end;
};

Inside inside_of(const std::vector<Level>& levels, const Histogram& histogram,
                 std::uint64_t index) {
  Inside inside = {0, kBins};
  if (levels.size() < 2) return inside;
  const Level& bottom = levels.front();
  const Level& top = levels.back();
  const double below = bottom.value - (levels[1].value - bottom.value) / 2;
  const double above = top.value + (top.value - levels[levels.size() - 2].value) / 2;
  while (inside.first + 1 < bottom.end && histogram.centre_of(index, inside.first) < below) {
    ++inside.first;
  }
  while (inside.end - 1 > top.first && histogram.centre_of(index, inside.end - 1) > above) {
    --inside.end;
  }
  return inside;
}

// What is made of the values is mixed with so much of an even spread over the bins that hold any:
// a bin that only clipped values are counted with would else rule the rest out.
constexpr double kEven = 0x1p-10;

// Of the bins that are not clipped, those that are clipped counted with the outermost, from what is
// left if each level's values are spread over its bins.
double divergence(const std::int64_t* seen, const std::vector<Level>& levels, Inside inside) {
  double below = 0, above = 0, kept = 0;
  for (std::uint64_t bin = 0; bin < kBins; ++bin) {
    (bin < inside.first  ? below
     : bin >= inside.end ? above
                         : kept) += static_cast<double>(seen[bin]);
  }
  if (kept == 0) return std::numeric_limits<double>::infinity();
  const auto reference = [&](std::uint64_t bin) {
    return static_cast<double>(seen[bin]) + (bin == inside.first ? below : 0) +
           (bin == inside.end - 1 ? above : 0);
  };
  double filled = 0;
  for (std::uint64_t bin = inside.first; bin < inside.end; ++bin) filled += reference(bin) > 0;
  double sum = 0;
  for (const Level& level : levels) {
    const std::uint64_t first = std::max(level.first, inside.first);
    const std::uint64_t end = std::min(level.end, inside.end);
    double mass = 0, filled_here = 0;
    for (std::uint64_t bin = first; bin < end; ++bin) {
      mass += static_cast<double>(seen[bin]);
      filled_here += reference(bin) > 0;
    }
    if (filled_here == 0) continue;
    const double made = (1 - kEven) * mass / filled_here / kept + kEven / filled;
    for (std::uint64_t bin = first; bin < end; ++bin) {
      const double p = reference(bin) / (below + above + kept);
      if (p > 0) sum += p * std::log(p / made);
    }
  }
  return sum;
}

}  // namespace

std::vector<double> least_divergence(const Operand& operand, const Histogram& histogram) {
  const std::uint64_t extent = operand.extent();
  std::vector<float> centres(extent * kBins);
  for (std::uint64_t index = 0; index < extent; ++index) {
    for (std::uint64_t bin = 0; bin < kBins; ++bin) {
      centres[index * kBins + bin] = static_cast<float>(histogram.centre_of(index, bin));
    }
  }
  std::vector<std::vector<std::int64_t>> seen(extent);
  for (std::uint64_t index = 0; index < extent; ++index) {
    seen[index].assign(histogram.bins(index), histogram.bins(index) + kBins);
    if (histogram.zeros(index) > 0)
      seen[index][histogram.bin_of(index, 0)] -= histogram.zeros(index);
  }
  std::vector<double> best(extent, 1.0);
  std::vector<double> least(extent, std::numeric_limits<double>::infinity());
  lathe::value_view last;
  for (std::uint64_t bins = kBins; bins >= kLeastThreshold; bins -= kThresholdStep) {
    const double part = static_cast<double>(bins) / kBins;
    const Trial trial = operand.fitted(part);
    if (!last.is_none() && option_values::same(last, trial.options)) continue;
    last = trial.options;
    const std::vector<float> made = operand.quantized(trial.used[0], centres, kBins);
    for (std::uint64_t index = 0; index < extent; ++index) {
      const Range& range = operand.ranges()[index];
      if (!(range.low < range.high)) continue;
      const std::vector<Level> levels = levels_of(&made[index * kBins]);
      const double found =
          divergence(seen[index].data(), levels, inside_of(levels, histogram, index));
      if (found < least[index]) {
        least[index] = found;
        best[index] = part;
      }
    }
  }
  return best;
}

}  // namespace quantize
