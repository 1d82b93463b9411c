#include "core/graph/ops/op_table.hpp"

#include "core/graph/graph.hpp"
#include "core/graph/inference.hpp"
#include "core/graph/ops/rules.hpp"

#include <algorithm>
#include <numeric>

namespace lathe {

namespace {

// Functions whose parameters are inputs.
bool takes_weight_inputs(const Node& node) {
  if (node.opcode == Opcode::call_module) return false;
  return node.op == "linear" || node.op == "conv1d" || node.op == "conv2d" ||
         node.op == "layer_norm";
}

// What torch.fx prints for the usual spelling of each function; the others are
// torch.nn.functional's.
std::string function_of(std::string_view op) {
  constexpr std::pair<std::string_view, std::string_view> kHomes[] = {
      {"add", "operator"},        {"sub", "operator"},      {"mul", "operator"},
      {"getitem", "operator"},    {"matmul", "torch"},      {"bmm", "torch"},
      {"cat", "torch"},           {"flatten", "torch"},     {"reshape", "torch"},
      {"mean", "torch"},          {"sigmoid", "torch"},     {"tanh", "torch"},
      {"conv1d", "torch"},        {"conv2d", "torch"},      {"avg_pool1d", "torch"},
      {"linear", "torch._C._nn"}, {"gelu", "torch._C._nn"}, {"avg_pool2d", "torch._C._nn"},
  };
  for (const auto& [name, home] : kHomes) {
    if (name == op) return fmt::format("{}.{}", home, op);
  }
  return fmt::format("torch.nn.functional.{}", op);
}

}  // namespace

OpSet::OpSet(std::vector<OpRow> rows) : rows_(std::move(rows)), by_name_(rows_.size()) {
  std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
  std::sort(by_name_.begin(), by_name_.end(),
            [&](std::size_t a, std::size_t b) { return rows_[a].op < rows_[b].op; });
  for (std::size_t i = 1; i < by_name_.size(); ++i) {
    if (rows_[by_name_[i]].op == rows_[by_name_[i - 1]].op) {
      throw usage_error("op '" + rows_[by_name_[i]].op + "' is defined twice");
    }
  }
}

const OpRow* OpSet::find(std::string_view op) const {
  const auto at = std::lower_bound(
      by_name_.begin(), by_name_.end(), op,
      [&](std::size_t row, std::string_view name) { return rows_[row].op < name; });
  if (at == by_name_.end() || rows_[*at].op != op) return nullptr;
  return &rows_[*at];
}

const OpSet& builtin_ops() {
  static const OpSet ops = [] {
    std::vector<OpRow> rows;
    rules::add_graph_rows(rows);
    rules::add_weighted_rows(rows);
    rules::add_norm_rows(rows);
    rules::add_pool_rows(rows);
    rules::add_elementwise_rows(rows);
    rules::add_product_rows(rows);
    rules::add_layout_rows(rows);
    rules::add_index_rows(rows);
    for (OpRow& row : rows) row.function = function_of(row.op);
    return OpSet(std::move(rows));
  }();
  return ops;
}

std::optional<Cost> cost_of(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const OpRow& row = row_of(graph.ops(), node);
  if (!row.cost) return std::nullopt;
  OpInputs inputs{&node, {}};
  for (NodeId input : node.inputs()) inputs.tensors.push_back(graph.node(input).result);
  return row.cost(inputs, node.result);
}

std::string_view mase_type(const Node& node, const OpRow& row) {
  // Of the modules only embedding is implicit; functions of the same name may be (dropout).
  if (node.opcode == Opcode::call_module && row.mase_type == "implicit_func" &&
      row.op != "embedding") {
    return "module_related_func";
  }
  return row.mase_type;
}

std::string_view input_role(const Node& node, std::size_t input) {
  const bool weights = takes_weight_inputs(node);
  if (input == 1 && (weights || node.op == "matmul" || node.op == "bmm")) return "weight";
  if (input == 2 && weights) return "bias";
  return "data_in";
}

}  // namespace lathe
