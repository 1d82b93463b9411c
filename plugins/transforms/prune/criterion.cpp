#include "criterion.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pruning {

namespace {

// torch.quantile with linear interpolation, which reckons in float32.
float linear_quantile(std::vector<float>& scores, double q) {
  const float rank = static_cast<float>(q) * static_cast<float>(scores.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(rank);
  const auto above = static_cast<std::ptrdiff_t>(std::ceil(rank));
  std::nth_element(scores.begin(), scores.begin() + below, scores.end());
  const float low = scores[static_cast<std::size_t>(below)];
  if (above == below) return low;
  const float high = *std::min_element(scores.begin() + below + 1, scores.end());
  const float weight = rank - static_cast<float>(below);
  return weight < 0.5F ? low + weight * (high - low) : high - (high - low) * (1.0F - weight);
}

std::size_t pruned_of(std::size_t count, double sparsity) {
  const double wanted = std::round(sparsity * static_cast<double>(count));
  return std::min(count, static_cast<std::size_t>(std::max(wanted, 0.0)));
}

}  // namespace

float threshold(std::vector<float> scores, const Rule& rule) {
  if (scores.empty()) return -1;
  if (rule.mase) return linear_quantile(scores, rule.sparsity);
  const std::size_t pruned = pruned_of(scores.size(), rule.sparsity);
  if (pruned == 0) return -1;
  const auto last = scores.begin() + static_cast<std::ptrdiff_t>(pruned - 1);
  std::nth_element(scores.begin(), last, scores.end());
  return *last;
}

std::vector<float> keep_highest(const std::vector<float>& scores, const Rule& rule) {
  std::vector<float> keep(scores.size(), 1.0F);
  const float bound = threshold(scores, rule);
  if (rule.mase) {
    for (std::size_t i = 0; i < scores.size(); ++i) keep[i] = scores[i] > bound ? 1.0F : 0.0F;
    return keep;
  }
  const auto below =
      std::count_if(scores.begin(), scores.end(), [=](float s) { return s < bound; });
  std::size_t ties = pruned_of(scores.size(), rule.sparsity) - static_cast<std::size_t>(below);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const bool tie = scores[i] == bound && ties > 0;
    if (tie) --ties;
    if (tie || scores[i] < bound) keep[i] = 0.0F;
  }
  return keep;
}

float magnitude(float x) {
  return std::isnan(x) ? std::numeric_limits<float>::infinity() : std::abs(x);
}

Channels channels_along(lathe::shape shape, std::uint64_t dimension) {
  Channels channels;
  if (dimension >= shape.size()) return channels;
  channels.count = static_cast<std::uint64_t>(shape[dimension]);
  for (std::uint64_t d = dimension + 1; d < shape.size(); ++d) {
    channels.inner *= static_cast<std::uint64_t>(shape[d]);
  }
  return channels;
}

std::vector<float> channel_scores(lathe::span<const float> values, const Channels& channels) {
  std::vector<double> sums(channels.count, 0.0);
  for (std::uint64_t i = 0; i < values.size(); ++i) {
    sums[channels.of(i)] += static_cast<double>(magnitude(values[i]));
  }
  std::vector<float> scores;
  const double each = static_cast<double>(values.size()) / static_cast<double>(channels.count);
  for (const double sum : sums) scores.push_back(static_cast<float>(sum / each));
  return scores;
}

}  // namespace pruning
