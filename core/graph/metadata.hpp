// MASE's metadata of a node, derived from the graph whenever it is asked for: {common, software,
// hardware} with MASE's keys, the [D] corrections of mase-behaviour.md a.4 to a.6 applied.
#pragma once

#include "core/graph/graph.hpp"

namespace lathe {

Value node_metadata(const Graph& graph, NodeId id);

// One tensor a node reads, owns or makes: the rows metadata is made of.
struct Operand {
  std::int32_t kind;  // lathe_operand_kind
  std::string name;   // "data_in_0", "weight", "data_out_0"
  std::string type;   // "float", or a format's id
  double bits;
  Value precision;  // a list
  DType dtype;
  Shape shape;
};
std::vector<Operand> operands_of(const Graph& graph, NodeId id);

}  // namespace lathe
