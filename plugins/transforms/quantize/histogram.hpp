// How often values were seen, by bins of equal width over the range of each index of an operand's
// axis; and what is found with that: percentiles, and the range of least divergence.
#pragma once

#include "operand.hpp"

namespace quantize {

class Histogram {
 public:
  static constexpr std::uint64_t kBins = 2048;

  // Over the ranges that the operand has seen.
  explicit Histogram(const Operand& operand);

  void see(const Operand& operand, lathe::tensor<const float> x);
  const std::int64_t* bins(std::uint64_t index) const { return &counts_[index * kBins]; }
  std::int64_t zeros(std::uint64_t index) const { return zeros_[index]; }  // exact ones
  std::uint64_t bin_of(std::uint64_t index, float x) const;
  double low_of(std::uint64_t index, std::uint64_t bin) const {
    return rows_[index].low + static_cast<double>(bin) * rows_[index].width;
  }
  double centre_of(std::uint64_t index, std::uint64_t bin) const {
    return rows_[index].low + (static_cast<double>(bin) + 0.5) * rows_[index].width;
  }
  double width(std::uint64_t index) const { return rows_[index].width; }

 private:
  struct Row {
    double low, width, scale;  // scale: bins per unit; 0 where all values are one
  };
  std::vector<Row> rows_;
  std::vector<std::int64_t> counts_, zeros_;
};

// The two values between which `percent` of all lie, half of the rest on each side: those of which
// so many are smaller, or larger, found to 2^-22 of the range. Exact where few values are distinct.
class Tails {
 public:
  Tails(const Operand& operand, const Histogram& histogram, double percent);
  void see(const Operand& operand, const Histogram& histogram, lathe::tensor<const float> x);
  std::vector<lathe_seen> found(const Operand& operand) const;

 private:
  struct Tail {
    std::uint64_t bin = 0;    // of the histogram
    std::int64_t before = 0;  // values that are passed over in that bin
    std::vector<std::int64_t> counts;
    std::vector<float> ends;  // the outermost value of each finer bin
    bool is_high = false;

    void start(const std::int64_t* bins, std::int64_t left_out);
    void see(float x, std::uint64_t finer);
    float found() const;
  };
  std::vector<Tail> low_, high_;
};

// The part of each index's range at which the histogram of what the format makes of it diverges
// least from what was seen (Kullback and Leibler; thresholds as Migacz, "8-bit inference with
// TensorRT", 2017, has them). Exact zeros, which a ReLU gives by the million, do not count: they
// stay zero whatever is chosen, and one bin of them would outweigh all the others.
std::vector<double> least_divergence(const Operand& operand, const Histogram& histogram);

}  // namespace quantize
