// The dialect: one row per op, carrying its PyTorch names, shape rule, parameters, cost and which
// operands a number format can sit on. Adding an op means adding a row and a test.
// Rules of plugins' ops come in as rows of an OpSet, not as includes.
#pragma once

#include "core/graph/node.hpp"

#include <functional>
#include <optional>

namespace lathe {

// 2 added getitem, pad and mean.
constexpr int kDialectVersion = 2;

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

// One constructor argument of a module, or literal argument of a function, as PyTorch names it.
struct Setting {
  enum class Kind : std::uint8_t {
    boolean,
    integer,
    number,
    text,
    extents,  // one integer, or a list of them
    padding,  // extents, or "same" or "valid"
    index,    // what stands between brackets; see graph/index_items.hpp
  };
  enum class Form : std::uint8_t { any, module, function };

  std::string name;
  Kind kind = Kind::integer;
  std::optional<Value> default_value{};  // none given: the setting is required
  bool nullable = false;
  Form form = Form::any;
  std::size_t dims = 0;               // extents: how many a list holds; 0: any number
  bool as_list = false;               // extents: one integer becomes a list
  std::string default_from{};         // another setting whose value is the default
  std::optional<int> default_axis{};  // the default is this extent of the first input; -1: the last
};

struct OpRow {
  std::string op;                        // MASE's mase_op: "linear"
  std::string mase_type;                 // of its functions and methods; see mase_type()
  std::string module_class;              // "Linear"; empty: never a module
  std::vector<std::string> operands;     // names of tensor inputs, eg: {"data_in_0"}
  std::vector<std::string> quantizable;  // roles, eg: {"data_in", "weight", "bias"}; empty: none
  // Result from inputs; throws usage_error with what is wrong (the caller adds the node's name).
  std::function<Result(const OpInputs&)> shape;
  // Parameters from attributes; empty: none.
  std::function<std::vector<Parameter>(const Node&)> parameters;
  std::function<Cost(const OpInputs&, const Result&)> cost;  // empty: no rule
  // PyTorch's repr of the module; empty: not a module.
  std::function<std::string(const Node&)> module_text;
  // What attributes may hold. Attributes are complete and in this order once a node is committed.
  std::vector<Setting> settings;
  // Names of the arguments of the function or method; empty: there is none. A last "..." stands
  // for any number of further ones.
  std::vector<std::string> signature;
  // The function as torch.fx prints it, eg: "torch.flatten"; empty: the op's own name.
  std::string function = {};
  bool tuple_arguments = false;  // of the function: lists among them print as Python's tuples
};

class OpSet {
 public:
  explicit OpSet(std::vector<OpRow> rows);
  const OpRow* find(std::string_view op) const;  // thread-safe
  const std::vector<OpRow>& rows() const { return rows_; }

 private:
  std::vector<OpRow> rows_;
  std::vector<std::size_t> by_name_;  // indexes of rows_, sorted by op
};

const OpSet& builtin_ops();

// Cost of a node; nothing if its op has no rule (view, size, placeholder: a cost of zero).
class Graph;
std::optional<Cost> cost_of(const Graph& graph, NodeId id);

// MASE's mase_type of a node: "module_related_func", "module", "builtin_func", "implicit_func", ...
std::string_view mase_type(const Node& node, const OpRow& row);

// Role of the i-th tensor input of a node: "data_in", or "weight" for the second input of matmul
// and bmm. Functions that take their parameters as inputs (linear, conv) have "weight" and "bias".
std::string_view input_role(const Node& node, std::size_t input);

}  // namespace lathe
