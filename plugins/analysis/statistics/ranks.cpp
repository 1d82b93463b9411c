#include "ranks.hpp"

#include <algorithm>
#include <cstring>

namespace statistics {

namespace {

constexpr std::uint64_t kBins = 1 << 16;

// Numbers whose order is that of the floats.
std::uint32_t ordered(float x) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

float float_of(std::uint32_t ordered) {
  const std::uint32_t bits = (ordered & 0x80000000U) != 0 ? ordered & 0x7FFFFFFFU : ~ordered;
  float x = 0;
  std::memcpy(&x, &bits, sizeof x);
  return x + 0.0F;  // no -0
}

// Sums of whole numbers are the same in any order.
void increase(std::uint64_t& counter, std::uint64_t by) {
  if (by > 0) __atomic_fetch_add(&counter, by, __ATOMIC_RELAXED);
}

}  // namespace

void Ranks::reserve(std::uint64_t count) {
  count_ += is_refining() ? 0 : count;
  if (!is_counting() && !is_refining() && count_ > kKept) stop_keeping();
}

void Ranks::add(const float* x, std::uint64_t count) {
  if (is_refining()) {
    count_lower(x, count);
  } else if (is_counting()) {
    count_upper(x, count);
  } else {
    kept_.insert(kept_.end(), x, x + count);
  }
}

void Ranks::stop_keeping() {
  upper_.resize(kBins);
  count_upper(kept_.data(), kept_.size());
  kept_ = {};
}

// Equal neighbours, such as the zeros behind a ReLU, are counted at once.
void Ranks::count_upper(const float* x, std::uint64_t count) {
  std::uint32_t last = 0;
  std::uint64_t run = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint32_t upper = ordered(x[i]) >> 16;
    if (upper != last) {
      increase(upper_[last], run);
      last = upper;
      run = 0;
    }
    ++run;
  }
  increase(upper_[last], run);
}

void Ranks::count_lower(const float* x, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint32_t key = ordered(x[i]);
    for (Bin& bin : bins_) {
      if (bin.upper == key >> 16) increase(bin.lower[key & 0xFFFFU], 1);
    }
  }
}

void Ranks::merge(const Ranks& other) {
  if (is_refining()) {
    for (std::size_t b = 0; b < bins_.size() && b < other.bins_.size(); ++b) {
      for (std::uint64_t i = 0; i < kBins; ++i) bins_[b].lower[i] += other.bins_[b].lower[i];
    }
    return;
  }
  count_ += other.count_;
  if (!is_counting() && (other.is_counting() || count_ > kKept)) stop_keeping();
  if (!is_counting()) {
    kept_.insert(kept_.end(), other.kept_.begin(), other.kept_.end());
    return;
  }
  count_upper(other.kept_.data(), other.kept_.size());
  for (std::uint64_t i = 0; i < kBins && other.is_counting(); ++i) upper_[i] += other.upper_[i];
}

void Ranks::refine(const std::vector<std::uint64_t>& ranks) {
  for (const std::uint64_t rank : ranks) {
    std::uint64_t before = 0;
    std::uint32_t upper = 0;
    while (upper + 1 < kBins && before + upper_[upper] <= rank) before += upper_[upper++];
    const auto is_there = [&](const Bin& bin) { return bin.upper == upper; };
    if (std::none_of(bins_.begin(), bins_.end(), is_there)) {
      bins_.push_back({upper, before, std::vector<std::uint64_t>(kBins)});
    }
  }
}

Ranks Ranks::same_bins() const {
  Ranks same;
  same.count_ = count_;
  same.upper_ = upper_;
  for (const Bin& bin : bins_) {
    same.bins_.push_back({bin.upper, bin.before, std::vector<std::uint64_t>(kBins)});
  }
  return same;
}

float Ranks::at(std::uint64_t rank) const {
  if (!is_counting()) {
    std::vector<float> values(kept_);
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(values.begin(), place, values.end());
    return *place + 0.0F;
  }
  const Bin* holds = nullptr;  // the last that begins at or below the rank
  for (const Bin& bin : bins_) {
    if (bin.before <= rank && (holds == nullptr || bin.before > holds->before)) holds = &bin;
  }
  if (holds == nullptr) return 0;
  std::uint64_t before = holds->before;
  std::uint32_t lower = 0, last = 0;
  for (; lower < kBins; ++lower) {
    if (holds->lower[lower] == 0) continue;
    last = lower;
    before += holds->lower[lower];
    if (before > rank) break;
  }
  return float_of(holds->upper << 16 | last);
}

}  // namespace statistics
