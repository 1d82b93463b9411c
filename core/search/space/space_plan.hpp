// What each choice of each node means, resolved once: a trial only picks and copies.
// Knows nothing about files or samplers.
#pragma once

#include "core/search/space/build_space.hpp"

namespace lathe {

constexpr std::size_t kNoParameter = static_cast<std::size_t>(-1);

// An option of a node whose value a parameter chooses.
struct PlannedOption {
  std::size_t entry = 0;             // in the map of options
  std::size_t inner = kNoParameter;  // in the table of an operand that stands there; none: no table
  std::size_t parameter = 0;         // of the space
  std::vector<Value> values;         // one per choice, checked; empty: a range, whose number it is
  bool as_real = false;              // the number of a range is no integer
  Value otherwise;                   // where the parameter does not exist
};

// One choice of `name`.
struct PlannedName {
  std::size_t transform = kNoParameter;  // none: the node stays as it is
  std::string refusal;                   // why the choice cannot be run; empty: it can
  Position position;
  Value options;  // with the first choice of everything else
  std::vector<PlannedOption> varying;
  std::vector<std::size_t> reads;  // parameters that mean something under this name
  // The parameter that says whether the node is passed by, and what it says per choice.
  std::size_t bypass = kNoParameter;
  std::vector<bool> bypassed;
};

// What the `name` of one node, or of one of its operands, chooses, or what stands beside it: a node
// has several if, eg, its width is chosen beside its format.
struct PlannedNode {
  NodeId node = NodeId::none;
  std::size_t parameter = kNoParameter;  // the one that chooses the name; none: names has one entry
  std::vector<PlannedName> names;
  PlannedName otherwise;  // where the name itself does not exist
};

struct SpacePlan {
  std::vector<const Component*> transforms;  // in the order to run them
  std::vector<PlannedNode> nodes;            // in node order
};

// Adds the plan of one node, whose parameters are parameters[first .. first + count); they learn
// whether their ranges are of integers, and, by a condition on the node's `name`, under which names
// they exist. Throws usage_error for a key that none of its names knows and for a value that its
// option refuses. Returns false if none of its names is for this node; then nothing is added.
bool plan_node(SearchSpace& space, std::size_t first, std::size_t count, const Node& node,
               const OpSet& ops, std::span<const SpaceTransform> transforms,
               std::vector<PlannedNode>& into);

}  // namespace lathe
