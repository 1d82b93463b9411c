// The dialect: one row per op, carrying all that is known of it but its kernel: PyTorch's names,
// shape rule, attributes and their defaults, parameters, costs, which operands a number format can
// sit on, how channels and bits follow, whether rows stay apart. Adding an op means adding a row, a
// kernel (core/engine/kernels) and a test. Plugins read a row's facts through svc/graph.h, and
// bring rows of their own, which are made where plugins are known (host/instances/plugin_ops).
#pragma once

#include "core/graph/node.hpp"

#include <lathe/svc/graph.h>

#include <functional>
#include <optional>

namespace lathe {

// 2 added getitem, pad and mean; 3 conv_transpose2d; 4 silu, selu, softplus and softsign; 5 div,
// pow, exp, sqrt, rsqrt, erf, sum, permute, transpose, squeeze, unsqueeze, expand and stack; 6
// where, masked_fill, tril, arange, floordiv, addmm, split, chunk, max, amax, maximum, clamp, log,
// abs, neg, elu, log_softmax, multi_head_attention, scaled_dot_product_attention, group_norm,
// conv_transpose1d, interpolate, rms_norm, rope, eq, ne, shared heads of attention, squeeze of
// several dimensions, constants of one number, tied weights and results of several tensors.
constexpr int kDialectVersion = 6;

class FormatStorage;
class Graph;

// What a rule sees of a node.
struct OpInputs {
  const Node* node;
  const Value& attributes;
  std::vector<Result> tensors;  // results of node->inputs(), in order (also values, for size)
};

// What executing a node costs: svc/graph.h, lathe_cost.
struct Cost {
  double computations = 0;
  double backward_computations = 0;
  double parameters = 0;
  double input_elements = 0;
  double output_elements = 0;
  double macs = 0;
  double elementwise = 0;
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
  bool may_be_empty = false;          // extents: a list may hold none
  std::string default_from{};         // another setting whose value is the default
  std::optional<int> default_axis{};  // the default is this extent of the first input; -1: the last
  // Neither the result nor parameters nor costs follow from it, and no rule checks more than its
  // kind: a node of which only such settings change need not be inferred again.
  bool inert = false;
  // Of a plugin's op, in place of the kind: the value as it is kept; throws usage_error.
  std::function<Value(const Value&)> check{};
};

// Goes by the op, the opcode, the attributes and the results only: nodes that agree in these share
// what it says. Nothing: it cannot say for such a node. A built-in op's gives MASE's counts alone:
// what else a cost holds follows from them and from OpRow::counting.
using CostRule = std::function<std::optional<Cost>(const OpInputs&, const Result&)>;

struct OpRow {
  std::string op;                     // MASE's mase_op: "linear"
  std::string mase_type;              // of its functions and methods; see mase_type()
  std::string module_class;           // "Linear"; empty: never a module
  std::vector<std::string> operands;  // names of tensor inputs, eg: {"data_in_0"}
  // Roles that a number format can sit on, eg: {"data_in", "weight", "bias"}; empty: none. A node
  // may lack one of them: see quantizable_roles().
  std::vector<std::string> quantizable;
  // Roles of the function's tensors, in order: linear takes its weight and bias as inputs, and the
  // second operand of a product stands where a weight would. What is not listed is "data_in".
  std::vector<std::string> input_roles;
  bool is_unsigned = false;  // fixed point of its operands has no sign: MASE's rule for ReLU
  // Result from inputs; throws usage_error with what is wrong (the caller adds the node's name).
  std::function<Result(const OpInputs&)> shape;
  // Of the module (or constant) from its attributes; empty: none.
  std::function<std::vector<Parameter>(const Value&)> parameters;
  CostRule cost;                                      // empty: nobody knows
  lathe_count_rule counting = LATHE_COUNT_OWN;        // what the conventions make of it
  lathe_bit_rule bits = LATHE_BITS_NONE;              // bit operations of one computation
  lathe_channel_rule channels = LATHE_CHANNELS_WALL;  // how channels of the result follow
  std::uint32_t weight_channels = 0;  // the dimension of the weight that its outputs lie along
  // True if row i of the result depends on row i of the inputs only, provided that this is so for
  // the inputs. Empty: never.
  std::function<bool(const Graph&, NodeId)> rows_apart;
  // PyTorch's repr of the module from its attributes; empty: not a module.
  std::function<std::string(const Value&)> module_text;
  // What attributes may hold. Attributes are complete and in this order once a node is committed.
  std::vector<Setting> settings;
  // Names of the arguments of the function or method; empty: there is none. A last "..." stands
  // for any number of further ones.
  std::vector<std::string> signature;
  // The same of a module that takes more than its tensors, `operands` of them first: masks, and
  // literals, which are no attributes. Empty: it takes those alone.
  std::vector<std::string> module_signature = {};
  // Parameters that are in a role of another name: {"in_proj_weight", "weight"}.
  std::vector<std::pair<std::string, std::string>> parameter_roles = {};
  // It is made of several products: a format of "data_in" also sits on what one gives another.
  bool formats_inside = false;
  // The function as torch.fx prints it for its usual spelling, eg: "torch.flatten"; empty: the op's
  // own name. Built-in rows that say nothing live in torch.nn.functional.
  std::string function = {};
  bool tuple_arguments = false;  // of the function: lists among them print as Python's tuples

  // Of an op that a plugin brings: its file, and the SHA-256 of that. Built-in ops have neither.
  std::string plugin_file{}, plugin_hash{};
  bool of_plugin() const { return !plugin_hash.empty(); }
  bool differentiable = true;  // false: no gradient passes
  bool repeatable = true;      // false: the same inputs may give another result
};

// Rows live as long as the process: nodes point at them.
class OpSet {
 public:
  explicit OpSet(std::vector<OpRow> rows);
  OpSet(const OpSet&) = delete;
  OpSet& operator=(const OpSet&) = delete;
  virtual ~OpSet() = default;

  // Null for an unknown op; throws usage_error if the plugin that brings it cannot be loaded.
  // Thread-safe.
  virtual const OpRow* find(std::string_view op) const;
  virtual std::vector<std::string> names() const;  // sorted
  const std::vector<OpRow>& rows() const { return rows_; }
  // Of a format that a graph was saved with; null if it is not there.
  virtual const FormatStorage* storage_of(const OperandFormat&) const { return nullptr; }

 private:
  std::vector<OpRow> rows_;
  std::vector<std::size_t> by_name_;  // indexes of rows_, sorted by op
};

const OpSet& builtin_ops();

// Cost of a node; nothing if its op has no rule (view, size, placeholder: a cost of zero).
std::optional<Cost> cost_of(const Graph& graph, NodeId id);

// MASE's mase_type of a node: "module_related_func", "module", "builtin_func", "implicit_func", ...
std::string_view mase_type(const Node& node, const OpRow& row);

// Names of the arguments of a function, method or module; of most modules there are none.
const std::vector<std::string>& signature_of(const OpRow& row, const Node& node);

// Role of a parameter: what its row says, else its own name.
std::string_view parameter_role(const OpRow& row, std::string_view parameter);

// The parameter in that role, of several the one with that number; null: there is none.
const Parameter* parameter_in_role(const OpRow& row, const Node& node, std::string_view role,
                                   std::uint32_t number = 0);
// Which of those in its role a parameter of the node is.
std::uint32_t number_in_role(const OpRow& row, const Node& node, const Parameter& parameter);

// Role of the i-th tensor input of a node: "data_in", or of a function what its row says.
std::string_view input_role(const OpRow& row, const Node& node, std::size_t input);

// Its name among the node's operands: "data_in_0", "weight".
std::string_view input_name(const OpRow& row, const Node& node, std::size_t input);

// Roles of the node that a number format can sit on: those of the row, less what the node lacks
// (a bias). "data_out" is one wherever there are others, and is not listed.
std::vector<std::string_view> quantizable_roles(const OpRow& row, const Node& node);

// True if rows of the node's result depend on the same rows of its inputs only: then batches may be
// run together without changing what each row gives.
bool keeps_rows_apart(const Graph& graph, NodeId id);

}  // namespace lathe
