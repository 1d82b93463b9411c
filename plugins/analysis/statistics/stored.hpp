// Statistics that keep every value: `record`, and quantiles of each element.
#pragma once

#include "cells.hpp"

namespace statistics {

class Stored : public Statistic {
 public:
  // What one statistic of one tensor may keep, in bytes.
  static constexpr std::uint64_t kMost = std::uint64_t{4} << 30;

  std::uint64_t start(const Samples& samples) final {
    if (!fitted_) shape_ = samples.shape.to_vector();
    if (fitted_ && shape_ != samples.shape.to_vector()) {
      throw lathe::error(LATHE_FAILED_PRECONDITION,
                         "its samples differ in shape, which only dims = \"all\" can take");
    }
    fitted_ = true;
    seen(samples.shape);
    append(samples.data, samples.size(), samples.count);
    return 0;
  }
  void work(std::uint64_t) final {}

  void merge(const Statistic& later) final {
    const auto& other = dynamic_cast<const Stored&>(later);
    if (!other.fitted_) return;
    if (!fitted_) {
      shape_ = other.shape_;
      fitted_ = true;
      seen(sample_shape());
    }
    append(other.values_.data(), other.values_.size(), other.count_);
  }

  std::uint64_t nonfinite() const final { return nonfinite_; }

 protected:
  virtual void seen(lathe::shape) {}

  const std::vector<float>& values() const { return values_; }
  std::uint64_t count() const { return count_; }  // samples
  lathe::shape sample_shape() const { return {shape_.data(), shape_.size()}; }

 private:
  void append(const float* x, std::uint64_t size, std::uint64_t samples) {
    if ((values_.size() + size) * sizeof(float) > kMost) {
      throw lathe::error(LATHE_RESOURCE_EXHAUSTED,
                         "it would keep more than 4 GiB of values; see fewer rows (num_samples)");
    }
    for (std::uint64_t i = 0; i < size; ++i) nonfinite_ += std::isfinite(x[i]) ? 0 : 1;
    values_.insert(values_.end(), x, x + size);
    count_ += samples;
  }

  bool fitted_ = false;
  std::vector<std::int64_t> shape_;
  std::vector<float> values_;
  std::uint64_t count_ = 0, nonfinite_ = 0;
};

}  // namespace statistics
