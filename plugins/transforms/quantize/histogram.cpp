#include "histogram.hpp"

#include <algorithm>

namespace quantize {

Histogram::Histogram(const Operand& operand)
    : counts_(operand.extent() * kBins), zeros_(operand.extent()) {
  for (const Range& range : operand.ranges()) {
    if (!range.seen()) {
      rows_.push_back({0, 0, 0});
      continue;
    }
    const double span = static_cast<double>(range.high) - static_cast<double>(range.low);
    rows_.push_back({static_cast<double>(range.low), span / kBins, span > 0 ? kBins / span : 0});
  }
}

std::uint64_t Histogram::bin_of(std::uint64_t index, float x) const {
  const Row& row = rows_[index];
  const double at = (static_cast<double>(x) - row.low) * row.scale;
  return at <= 0 ? 0 : std::min(static_cast<std::uint64_t>(at), kBins - 1);
}

void Histogram::see(const Operand& operand, lathe::tensor<const float> x) {
  for_each_run(x.shape(), operand.axis(),
               [&](std::uint64_t index, std::uint64_t begin, std::uint64_t count) {
                 std::int64_t* bins = &counts_[index * kBins];
                 for (std::uint64_t i = begin; i < begin + count; ++i) {
                   if (std::isfinite(x[i])) ++bins[bin_of(index, x[i])];
                   zeros_[index] += x[i] == 0 ? 1 : 0;
                 }
               });
}

void Tails::Tail::start(const std::int64_t* bins, std::int64_t left_out) {
  counts.assign(Histogram::kBins, 0);
  ends.assign(Histogram::kBins, 0);
  before = left_out;
  bin = is_high ? Histogram::kBins - 1 : 0;
  while (before >= bins[bin] && bin != (is_high ? 0 : Histogram::kBins - 1)) {
    before -= bins[bin];
    is_high ? --bin : ++bin;
  }
}

void Tails::Tail::see(float x, std::uint64_t finer) {
  const bool is_first = counts[finer]++ == 0;
  // The outermost value of a finer bin stands for all of it: nothing more is left out than may be.
  if (is_first || (is_high ? x > ends[finer] : x < ends[finer])) ends[finer] = x;
}

float Tails::Tail::found() const {
  std::int64_t left = before;
  for (std::uint64_t i = 0; i < Histogram::kBins; ++i) {
    const std::uint64_t at = is_high ? Histogram::kBins - 1 - i : i;
    if (counts[at] > left) return ends[at];
    left -= counts[at];
  }
  return 0;
}

Tails::Tails(const Operand& operand, const Histogram& histogram, double percent)
    : low_(operand.extent()), high_(operand.extent()) {
  for (std::uint64_t index = 0; index < operand.extent(); ++index) {
    const auto count = static_cast<double>(operand.ranges()[index].count);
    const auto left_out = static_cast<std::int64_t>(std::floor(count * (100.0 - percent) / 200.0));
    high_[index].is_high = true;
    low_[index].start(histogram.bins(index), left_out);
    high_[index].start(histogram.bins(index), left_out);
  }
}

void Tails::see(const Operand& operand, const Histogram& histogram, lathe::tensor<const float> x) {
  for_each_run(
      x.shape(), operand.axis(),
      [&](std::uint64_t index, std::uint64_t begin, std::uint64_t count) {
        Tail& low = low_[index];
        Tail& high = high_[index];
        for (std::uint64_t i = begin; i < begin + count; ++i) {
          if (!std::isfinite(x[i])) continue;
          const std::uint64_t bin = histogram.bin_of(index, x[i]);
          if (bin != low.bin && bin != high.bin) continue;
          const double width = histogram.width(index);
          const double within =
              width > 0 ? (static_cast<double>(x[i]) - histogram.low_of(index, bin)) / width : 0;
          const auto finer = static_cast<std::uint64_t>(
              std::clamp(within * Histogram::kBins, 0.0, Histogram::kBins - 1.0));
          if (bin == low.bin) low.see(x[i], finer);
          if (bin == high.bin) high.see(x[i], finer);
        }
      });
}

std::vector<lathe_seen> Tails::found(const Operand& operand) const {
  std::vector<lathe_seen> rows;
  for (std::uint64_t index = 0; index < operand.extent(); ++index) {
    lathe_seen row = operand.ranges()[index].narrowed(1);
    if (operand.ranges()[index].seen()) {
      row.low = low_[index].found();
      row.high = high_[index].found();
    }
    rows.push_back(row);
  }
  return rows;
}

}  // namespace quantize
