// Where number formats sit: the tensors of a node, as formats see them, and the state that they
// keep there. Knows nothing about what a format computes.
#pragma once

#include "core/graph/ops/op_table.hpp"

#include <lathe/kind/format.h>

#include <span>

namespace lathe {

class Graph;

// One tensor that a format sits on.
struct SiteTensor {
  FormatSite site;
  // What names of its state begin with: "weight", "data_in", and "data_in_1" where several inputs
  // have the role.
  std::string name;
  Shape shape;
  std::int32_t channel_axis = -1;  // as lathe_site has it
};

// The dimension of a tensor of that role along which channels lie, as lathe_site has it.
std::int32_t channel_axis(const OpRow& row, lathe_role role, const Shape& shape);

// The tensors of that role. `inputs`: results of the node's inputs, in order.
std::vector<SiteTensor> sites_of(const Node& node, const OpRow& row, std::span<const Result> inputs,
                                 std::string_view role);
// One of them; of no role if there is none.
SiteTensor site_of(const Graph& graph, NodeId id, std::string_view role, std::uint32_t input);

// A tensor of a node as formats are told of it; borrows from node, row and shape, which is empty
// where it is not known.
lathe_site abi_site(const Node& node, const OpRow& row, FormatSite site, const Shape& shape);

// Bits per element that the format takes there. Throws what it refuses, naming the role.
double storage_bits(const OperandFormat& format, const Node& node, const OpRow& row,
                    FormatSite site, const Shape& shape);

// Throws what formats refuse of the tensors of these nodes that they sit on, naming both: blocks
// that the shape has no room for, an axis that it does not have. Nodes that are gone are passed
// over.
void check_formats(const Graph& graph, std::span<const NodeId> nodes);

// The parameters that hold the state of a format there, without contents.
std::vector<Parameter> state_parameters(const Node& node, const OperandFormat& format,
                                        const SiteTensor& tensor);

// The parameters that hold the state of the node's formats, without contents. REQUIRES: the node
// has its own parameters and its result.
std::vector<Parameter> state_parameters(const Node& node, const OpRow& row,
                                        std::span<const Result> inputs);

// Whether a qualified name is one of such a parameter: "fc.weight_quantizer.step".
bool is_state_name(std::string_view qualified_name);

}  // namespace lathe
