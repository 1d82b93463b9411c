// Points of a search space as a person reads them: a row for each with what it came to, and what
// was chosen there. Knows nothing of searches.
#pragma once

#include "core/report/table.hpp"

namespace lathe {

struct PointTable {
  TextTable points;                               // a row for each point; the first cell names it
  std::vector<std::string> parameters;            // "seq_blocks_2/config/weight_width"
  std::vector<std::vector<std::string>> choices;  // by parameter, a cell for each point
};

// In lines of at most `columns`, words that are longer left aside. Parameters in which the points
// differ are columns beside the others where they fit; else rows of a table below, under what their
// names begin with, whose columns are points, in as many pieces as it takes. What all points have
// in common is told once, at the end.
std::string render(const PointTable& table, std::size_t columns);

}  // namespace lathe
