// What two graphs of the same nodes differ in, and graphs that have some of it from the one and the
// rest from the other.
#pragma once

#include "core/graph/graph.hpp"

namespace lathe::run {

// One difference of a node: a number format of an operand, an attribute, the contents of a
// parameter.
struct ChangedPart {
  std::string node, what;  // "weight", "attribute bias", "parameter weight"
  std::string from, to;    // "float", "integer<width=2,frac_width=0>"
};

// What is taken from one graph whole: of a node, or of several that share parameters.
struct Change {
  std::vector<std::string> nodes;
  std::vector<ChangedPart> parts;
};

// In the order in which `from` executes them. Throws usage_error naming nodes that only one of the
// graphs has, or that differ in what cannot be exchanged alone: op, inputs, shape. `names`: how
// messages call the graphs.
std::vector<Change> changes_between(const Graph& from, const Graph& to,
                                    const std::pair<std::string, std::string>& names);

// `from` with the nodes of these changes as `to` has them.
Graph with_changes(const Graph& from, const Graph& to, std::span<const Change* const> changes);

}  // namespace lathe::run
