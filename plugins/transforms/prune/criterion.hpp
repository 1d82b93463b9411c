// Which elements or channels are pruned: those of the lowest scores, or by chance.
#pragma once

#include <lathe/lathe.hpp>

#include <string>
#include <vector>

namespace pruning {

struct Rule {
  double sparsity = 0;  // the part that is pruned
  bool mase = false;    // by MASE's threshold
};

// 1 for each score that is kept, else 0. Of n scores the round(sparsity * n) lowest go, of equal
// ones those that come first. By MASE's rule all go that are not above the linear quantile of the
// scores at the sparsity. REQUIRES: no score is NaN.
std::vector<float> keep_highest(const std::vector<float>& scores, const Rule& rule);

// The score at which that many go: what is not above it is pruned. -1: nothing is.
float threshold(std::vector<float> scores, const Rule& rule);

// The magnitude as a score: NaN is as high as can be.
float magnitude(float x);

// A tensor's elements by channel: element i belongs to channel i / inner % count.
struct Channels {
  std::uint64_t count = 1, inner = 1;
  std::uint64_t of(std::uint64_t element) const { return element / inner % count; }
};
Channels channels_along(lathe::shape shape, std::uint64_t dimension);

// The mean magnitude of each channel.
std::vector<float> channel_scores(lathe::span<const float> values, const Channels& channels);

}  // namespace pruning
