// The pruners, and what their rows share.
#pragma once

#include "core/search/plan/pruner.hpp"

namespace lathe {

PrunerRow median_pruner();
PrunerRow percentile_pruner();
PrunerRow successive_halving_pruner();
PrunerRow hyperband_pruner();

Option integer_option(std::string key, std::string_view range, std::int64_t standard,
                      std::string doc);
Option watch_option();

bool better(lathe_direction direction, double a, double b);

template <typename Made>
std::unique_ptr<Pruner> make_pruner(const Value& options, lathe_direction direction) {
  return std::make_unique<Made>(options, direction);
}

}  // namespace lathe
