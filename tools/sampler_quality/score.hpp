// How good the trials of a run are, as the published figures of other samplers are scored.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace lathe::quality {

// What became of one trial: the values as the sampler was told them, and as they are without noise.
// Empty: it has none.
struct Outcome {
  std::vector<double> told, real;
};

// Area that points dominate within the corner `reference`, both objectives minimised.
double hypervolume(std::vector<std::vector<double>> points, const std::vector<double>& reference);

// Of the trials so far. One objective: the real value of the first trial that was told the best
// one, lower is better. Two: the hypervolume, higher is better. NaN: no trial has values.
double score(std::span<const Outcome> trials, const std::vector<double>& reference);

// 25, 50, 100, 200, 300, ... up to `trials`, which is the last.
std::vector<std::size_t> budgets(std::size_t trials);

}  // namespace lathe::quality
