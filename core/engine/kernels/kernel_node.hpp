// What the maker of a kernel sees of a node: its attributes, complete as inference leaves them, and
// where its tensors stand. Knows nothing about what an op computes, nor any default of PyTorch's:
// the op's row holds them.
#pragma once

#include "core/graph/graph.hpp"
#include "core/graph/ops/op_table.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace lathe::engine {

// A number that is known now, or that a `size` node will tell: `from` is its place among the node's
// value inputs.
struct Extent {
  std::int64_t literal = 0;
  int from = -1;
};

class KernelNode {
 public:
  KernelNode(const Graph& graph, NodeId id);

  const Node& node() const { return node_; }
  const Value& attributes() const { return attributes_; }
  std::vector<Shape> input_shapes() const;  // of the tensor inputs, for the graph's batch

  // The attribute called `name`. Null if the node's form has none of that name; None is a value.
  const Value* find(std::string_view name) const { return attributes_.find(name); }
  // REQUIRES of the next five: the op's row has a setting of that name and kind.
  const Value& value(std::string_view name) const;
  std::int64_t integer(std::string_view name) const { return value(name).as_int(); }
  double number(std::string_view name) const { return value(name).as_float(); }
  bool flag(std::string_view name) const { return value(name).as_bool(); }
  // A list of integers; a single one stands for `count` of them, None for none at all.
  std::vector<std::int64_t> integers(std::string_view name, std::size_t count = 1) const;
  // The positional arguments from `position` on, lists flattened: the extents of view and reshape.
  std::vector<Extent> extents(std::size_t position) const;

  // The argument of that name: a tensor (its place among the tensor inputs) or a number.
  struct Operand {
    std::optional<std::size_t> tensor;
    double number = 0;
  };
  Operand operand(std::string_view name) const;
  // The literal that is given for an argument; null: none is, or a node.
  const Value* literal(std::string_view name) const;

  // Place of the tensor argument of that name among the node's tensor inputs.
  std::optional<std::size_t> tensor(std::string_view name) const;
  // Place of a parameter among the node's parameters.
  std::optional<std::size_t> parameter(std::string_view name) const;

  // Nodes read whose results are tensors, and those whose results are values (size).
  const std::vector<NodeId>& tensor_inputs() const { return tensors_; }
  const std::vector<NodeId>& value_inputs() const { return values_; }

  [[noreturn]] void refuse(const std::string& why) const;  // usage_error that names the node

 private:
  void flatten(const Argument& argument, std::vector<Extent>& out) const;
  std::size_t tensors_in(const Argument& argument) const;

  const Graph& graph_;
  const Node& node_;
  const Value& attributes_;
  std::vector<NodeId> tensors_;
  std::vector<NodeId> values_;
};

}  // namespace lathe::engine
