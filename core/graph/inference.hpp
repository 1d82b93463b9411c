// What follows from a node and the results of its inputs: complete attributes, the result,
// parameters. Knows nothing about where in a graph the node stands.
#pragma once

#include "core/graph/ops/op_table.hpp"
#include "core/graph/parameters/ties.hpp"

#include <map>

namespace lathe {

// "node 'fc1' (linear)": how messages name a node.
std::string described(const Node& node);

// The row of a node; throws usage_error for an unknown op.
const OpRow& row_of(const OpSet& ops, const Node& node);

// Checks attributes (of a function: its literal arguments) against the row and fills in defaults,
// in the row's order. Throws usage_error without the node's name.
void complete_attributes(const Node& node, Value& attributes, const OpRow& row,
                         const std::vector<Result>& inputs);

// Sets an attribute of an inferred module from which nothing else follows; see Setting::inert.
// False: there is no such attribute, nothing was changed and the node must be inferred. Throws
// usage_error that names the node.
bool set_inert_attribute(const Node& node, Value& attributes, std::string_view key,
                         const Value& value);

// What is behind contents that a node does not have yet.
struct FreshContents {
  std::uint64_t seed = 0;                      // of initialisers
  const std::map<std::string, Tensor>& state;  // of number formats, by qualified name, before those
  const Ties& ties;                            // of names
};

// Completes attributes, result and parameters. Contents of parameters that stay the same are kept,
// others are fresh. Throws usage_error that names the node.
void infer(Node& node, Value& attributes, const OpSet& ops, const FreshContents& fresh,
           std::vector<Result> inputs);

// Throws usage_error if the op cannot carry a format in that role.
void check_format_role(const Node& node, const OpRow& row, std::string_view role);

}  // namespace lathe
