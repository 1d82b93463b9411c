// Parameters across the nodes of a graph: those of one name are one parameter, whichever node reads
// them.
#pragma once

#include "core/graph/node_table.hpp"

#include <functional>
#include <span>

namespace lathe {

// Gives parameters of one name one content; trained contents win, then those of a chosen
// initialiser. Throws usage_error if they differ in shape, type or chosen initialiser.
void share_parameters(NodeTable& nodes, std::span<const NodeId> order);

// The name of a parameter's mask, as PyTorch's prune has it: "weight_mask".
std::string mask_name(std::string_view parameter);
bool has_mask(const Node& node, std::string_view parameter);

// The parameters that hold the node's masks, without contents; `own` are those of the layer itself.
// With `strict` a mask of what the layer does not have throws usage_error without the node's name;
// else it goes with its parameter.
std::vector<Parameter> mask_parameters(Node& node, std::span<const Parameter> own, bool strict);

// Throws usage_error that names the node if a parameter of that name can have no mask.
void check_maskable(const Node& node, std::string_view name);

// The nodes that have this node's parameter of that name too; this one always.
std::vector<NodeId> sharers_of(const NodeTable& nodes, NodeId id, std::string_view parameter);

// Masks of parameters that have another shape than in `before` go, if they were not given since.
// Whether any did.
bool drop_outgrown_masks(NodeTable& nodes, NodeId id, const Node& before);

// Gives every parameter that has a mask masked contents.
void mask_contents(NodeTable& nodes, std::span<const NodeId> order);

// What reads contents of that type and shape when they are first needed.
using ContentReader = std::function<Tensor(DType, const Shape&)>;

struct GivenContent {
  NodeId node;
  std::string parameter;
  Tensor tensor;
  bool trained = true;
  ContentReader read = {};  // in place of the tensor
};
// Nodes that are gone are passed over; what does not fit throws an error that names the node.
void give_contents(NodeTable& nodes, std::span<const NodeId> order,
                   std::span<const GivenContent> contents);

}  // namespace lathe
