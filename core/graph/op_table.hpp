// The dialect: one row per op, carrying its PyTorch names, shape rule, parameters, cost and which
// operands a number format can sit on. Adding an op means adding a row and a test.
// Rules of plugins' ops come in as rows of an OpSet, not as includes.
#pragma once

#include "core/graph/node.hpp"

#include <functional>
#include <optional>

namespace lathe {

constexpr int kDialectVersion = 1;

// What a rule sees of a node.
struct OpInputs {
  const Node* node;
  std::vector<Result> tensors;  // results of node->inputs(), in order (also values, for size)
};

// MASE's FLOP estimator (mase-behaviour.md e.5). A multiply-accumulate counts as one.
struct Cost {
  double computations = 0;
  double backward_computations = 0;
  double parameters = 0;
  double input_elements = 0;
  double output_elements = 0;
};

struct OpRow {
  std::string op;           // MASE's mase_op: "linear"
  std::string mase_type;    // "module_related_func", "module", "builtin_func", "implicit_func", ...
  std::string module_class; // "Linear"; empty: never a module
  std::vector<std::string> operands;   // names of tensor inputs, eg: {"data_in_0"}
  std::vector<std::string> quantizable; // roles, eg: {"data_in", "weight", "bias"}; empty: none
  // Result from inputs; throws usage_error with what is wrong (the caller adds the node's name).
  std::function<Result(const OpInputs&)> shape;
  // Parameters from attributes; empty: none.
  std::function<std::vector<Parameter>(const Node&)> parameters;
  std::function<Cost(const OpInputs&, const Result&)> cost;  // empty: no rule
  // PyTorch's repr of the module; empty: not a module.
  std::function<std::string(const Node&)> module_text;
};

class OpSet {
 public:
  explicit OpSet(std::vector<OpRow> rows);
  const OpRow* find(std::string_view op) const;
  const std::vector<OpRow>& rows() const { return rows_; }

 private:
  std::vector<OpRow> rows_;
};

const OpSet& builtin_ops();

// Cost of a node; nothing if its op has no rule (view, size, placeholder: a cost of zero).
class Graph;
std::optional<Cost> cost_of(const Graph& graph, NodeId id);

// Role of the i-th tensor input of a node: "data_in", or "weight" for the second input of matmul
// and bmm.
std::string_view input_role(const Node& node, std::size_t input);

}  // namespace lathe
