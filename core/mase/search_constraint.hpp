// What a search demands of a number that a runner publishes: [search.strategy.constraints]
// total_bitops = "<= 2e6". Knows nothing of runners.
#pragma once

#include "core/base/value.hpp"

#include <string>
#include <vector>

namespace lathe {

enum class Relation { at_most, below, at_least, above, equal };

struct SearchConstraint {
  std::string name;  // of the scalar
  Relation relation = Relation::at_most;
  double bound = 0;
  Position position;

  // How far a value is from meeting it; at most 0: it does. Finite for every number, so that
  // JSON has it. REQUIRES: not NaN.
  double violation(double value) const;
  std::string text() const;  // "<= 2000000"
};

// A table of scalars, each with one comparison or a list of them; in the order of the names. Throws
// usage_error for what is none, with its place.
std::vector<SearchConstraint> read_constraints(const Value& table);

}  // namespace lathe
