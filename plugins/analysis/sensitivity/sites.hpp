// Where the parameters of a space put number formats, and which: found by building the graphs that
// trials would have and comparing their operands.
#pragma once

#include "grid.hpp"

namespace sensitivity {

// A number format with its options; no id: float.
struct Format {
  std::string id;
  lathe::value options;
  std::string text = "float";   // tells formats apart: "integer<width=4,frac_width=2>"
  std::string shown = "float";  // the same with long lists shortened
};

// What one number format is for: an operand of a node, or a weight or bias that several share.
struct Site {
  std::vector<lathe::node_id> nodes;
  std::string node, op, operand;  // of the first node: "seq_blocks_2", "linear", "weight"
  lathe_role role = LATHE_ROLE_NONE;
  std::string parameter;        // the qualified name if it is a parameter of a module; else empty
  Grid grid;                    // of the parameters that change it
  std::vector<Format> formats;  // those that the space gives it, each once
  std::vector<std::size_t> cells;       // by cell of the grid: which of them
  std::optional<std::size_t> as_it_is;  // the format that it has in the graph itself
};

// What a node costs, by cell of the grid of all parameters that change its operands.
struct NodeCost {
  Grid grid;
  std::vector<double> bit_operations, weight_bits;
};

struct Sites {
  Parameters parameters;
  std::vector<Site> sites;                                 // in graph order
  std::vector<NodeCost> costs;                             // of nodes that have one
  double other_bit_operations = 0, other_weight_bits = 0;  // of the rest
  double weights = 0;                                      // elements that weight_bits are of
};

// The get_attr node whose tensor a function reads in that role; none if it reads another.
std::optional<lathe::node> stored_input(const lathe::node& node, lathe_role role);

// Throws an error that names the parameter for one that is no choice of number formats.
Sites find_sites(const lathe::graph& graph, const lathe::opened_space& space,
                 const lathe::context& context);

}  // namespace sensitivity
