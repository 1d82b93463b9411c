// What two networks make of the same rows, side by side: divergence, agreement, noise. All sums are
// doubles, row by row. Knows no graph.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace analysis {

// Of one row or of many; the networks are the original and the one that is compared with it.
struct OutputDifference {
  double divergence = 0;  // sum over places of sum p (ln p - ln q), p of the original
  double signal = 0;      // sum of squares of the original's numbers
  double noise = 0;       // of the differences
  std::uint64_t agreeing = 0, places = 0, rows = 0;

  void add(const OutputDifference& more);
  double mean_divergence() const { return divergence / static_cast<double>(places); }
  double agreement() const { return static_cast<double>(agreeing) / static_cast<double>(places); }
  double noise_to_signal() const;  // from 1e-30 to 1e30
  double decibels() const;         // of signal to noise, from -300 to 300
};

// Compares rows of `places` groups of `width` numbers each: logits of that many classes, or numbers
// alone.
class OutputComparison {
 public:
  OutputComparison(std::size_t places, std::size_t width, bool of_classes);

  // One row of both. `targets`: null, or one a place; those of kIgnored are left out.
  OutputDifference row(const float* original, const float* now, const std::int64_t* targets);

  std::size_t row_size() const { return places_ * width_; }

 private:
  void compare_classes(const float* original, const float* now, OutputDifference& to);

  std::size_t places_, width_;
  bool of_classes_;
  std::vector<double> original_, now_;  // below the largest, filled up to whole lanes
};

// PyTorch's ignore_index: of targets that do not count.
constexpr std::int64_t kIgnored = -100;

}  // namespace analysis
