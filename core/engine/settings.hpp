// Reads the settings of one node: constructor arguments of a module, literal arguments of a
// function or method, under PyTorch's names. Knows nothing about what an op computes.
#pragma once

#include "core/graph/graph.hpp"

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

class Settings {
 public:
  Settings(const Graph& graph, const Node& node);

  const Node& node() const { return node_; }
  bool is_module() const { return node_.opcode == Opcode::call_module; }

  // The setting called `name`; for functions and methods also the positional argument `position`,
  // counted as PyTorch's signature does (0 is the input). Null if it is not given or none.
  const Value* find(std::string_view name, std::size_t position) const;
  std::int64_t integer(std::string_view name, std::size_t position, std::int64_t otherwise) const;
  double number(std::string_view name, std::size_t position, double otherwise) const;
  bool flag(std::string_view name, std::size_t position, bool otherwise) const;
  // A list of `count` integers; a single one is repeated.
  std::vector<std::int64_t> integers(std::string_view name, std::size_t position, std::size_t count,
                                     const std::vector<std::int64_t>& otherwise) const;
  // The positional arguments from `position` on, lists flattened: the extents of view and reshape.
  std::vector<Extent> extents(std::string_view name, std::size_t position) const;

  // The argument at `position`: a tensor (its place among the tensor inputs) or a number.
  struct Operand {
    std::optional<std::size_t> tensor;
    double number = 0;
  };
  Operand operand(std::string_view name, std::size_t position) const;

  // Place of a tensor argument among the node's tensor inputs.
  std::optional<std::size_t> tensor(std::string_view name, std::size_t position) const;
  // Place of a parameter among the node's parameters.
  std::optional<std::size_t> parameter(std::string_view name) const;
  // Rank of the result of the i-th tensor input, and of the node itself.
  std::size_t input_rank(std::size_t input) const;

  // Nodes read whose results are tensors, and those whose results are values (size).
  const std::vector<NodeId>& tensor_inputs() const { return tensors_; }
  const std::vector<NodeId>& value_inputs() const { return values_; }

  [[noreturn]] void refuse(const std::string& why) const;  // usage_error that names the node

 private:
  const Argument* argument(std::string_view name, std::size_t position) const;
  void flatten(const Argument& argument, std::vector<Extent>& out) const;
  std::vector<Extent> literals(const Argument& argument) const;
  std::size_t tensors_in(const Argument& argument) const;

  const Graph& graph_;
  const Node& node_;
  std::vector<NodeId> tensors_;
  std::vector<NodeId> values_;
};

}  // namespace lathe::engine
