// The tensors of a node as rows: what it reads, owns and makes, with the number format on each.
#pragma once

#include "core/graph/graph.hpp"

namespace lathe {

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

// What the tensor-th tensor input of a node is called: "data_in_0", "weight", "bias".
std::string input_name(const Node& node, std::size_t tensor);

}  // namespace lathe
