#include "core/cli/run/searching/objectives.hpp"

#include <algorithm>

namespace lathe {

double unscaled(const SearchOptions& options, std::size_t objective, double value) {
  if (options.sum_scaled_metrics || objective >= options.metrics.size()) return value;
  const double scale = options.metrics[objective].scale;
  return scale == 0 ? value : value / scale;
}

void note_best(const SearchOptions& options, const std::vector<double>& values,
               std::vector<double>& best) {
  if (best.empty()) best = values;
  const std::vector<lathe_direction> directions = options.directions();
  for (std::size_t i = 0; i < std::min(best.size(), values.size()); ++i)
    best[i] = directions[i] == LATHE_DIRECTION_MAXIMIZE ? std::max(best[i], values[i])
                                                        : std::min(best[i], values[i]);
}

}  // namespace lathe
