#include "core/graph/ops/op_table.hpp"

#include "core/graph/columns/symbols.hpp"
#include "core/graph/graph.hpp"
#include "core/graph/inference.hpp"
#include "core/graph/ops/rules.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace lathe {

namespace {

std::string_view numbered_input(std::size_t tensor) {
  static constexpr std::array<std::string_view, 8> kFirst{"data_in_0", "data_in_1", "data_in_2",
                                                          "data_in_3", "data_in_4", "data_in_5",
                                                          "data_in_6", "data_in_7"};
  if (tensor < kFirst.size()) return kFirst[tensor];
  return interned(fmt::format("data_in_{}", tensor));
}

std::size_t nodes_in(const Argument& argument) {
  if (std::holds_alternative<NodeId>(argument.data)) return 1;
  std::size_t count = 0;
  if (const auto* list = std::get_if<std::vector<Argument>>(&argument.data)) {
    for (const Argument& item : *list) count += nodes_in(item);
  }
  return count;
}

bool is_product(lathe_count_rule counting) {
  return counting == LATHE_COUNT_LINEAR || counting == LATHE_COUNT_CONV ||
         counting == LATHE_COUNT_CONV_TRANSPOSE || counting == LATHE_COUNT_PRODUCT;
}

// What the signature calls the argument that holds the node's input of that number; empty: nothing.
std::string_view argument_name(const OpRow& row, const Node& node, std::size_t input) {
  std::size_t before = 0;
  const std::vector<std::string>& names = signature_of(row, node);
  for (std::size_t i = 0; i < node.args.size(); ++i) {
    before += nodes_in(node.args[i]);
    if (input < before) return i < names.size() ? names[i] : std::string_view();
  }
  for (const auto& [key, argument] : node.kwargs) {
    before += nodes_in(argument);
    if (input < before) return key;
  }
  return {};
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

std::vector<std::string> OpSet::names() const {
  std::vector<std::string> out;
  for (const std::size_t row : by_name_) out.push_back(rows_[row].op);
  return out;
}

const OpSet& builtin_ops() {
  static const OpSet ops([] {
    std::vector<OpRow> rows;
    rules::add_graph_rows(rows);
    rules::add_weighted_rows(rows);
    rules::add_conv_rows(rows);
    rules::add_norm_rows(rows);
    rules::add_pool_rows(rows);
    rules::add_elementwise_rows(rows);
    rules::add_arithmetic_rows(rows);
    rules::add_product_rows(rows);
    rules::add_layout_rows(rows);
    rules::add_axes_rows(rows);
    rules::add_index_rows(rows);
    rules::add_choice_rows(rows);
    rules::add_parts_rows(rows);
    rules::add_attention_rows(rows);
    rules::add_rope_rows(rows);
    rules::add_resample_rows(rows);
    for (OpRow& row : rows) {
      if (row.function.empty()) row.function = "torch.nn.functional." + row.op;
    }
    return rows;
  }());
  return ops;
}

std::optional<Cost> cost_of(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const OpRow& row = row_of(graph.ops(), node);
  if (!row.cost) return std::nullopt;
  OpInputs inputs{&node, graph.attributes(id), {}};
  for (NodeId input : node.inputs()) inputs.tensors.push_back(graph.node(input).result);
  std::optional<Cost> cost = row.cost(inputs, node.result);
  // Of the built-in ops each does one of the two.
  if (cost && row.counting != LATHE_COUNT_OWN) {
    (is_product(row.counting) ? cost->macs : cost->elementwise) = cost->computations;
  }
  return cost;
}

std::string_view mase_type(const Node& node, const OpRow& row) {
  // Of the modules only embedding is implicit; functions of the same name may be (dropout).
  if (node.opcode == Opcode::call_module && row.mase_type == "implicit_func" &&
      row.op != "embedding") {
    return "module_related_func";
  }
  return row.mase_type;
}

const std::vector<std::string>& signature_of(const OpRow& row, const Node& node) {
  return node.opcode == Opcode::call_module ? row.module_signature : row.signature;
}

std::string_view parameter_role(const OpRow& row, std::string_view parameter) {
  for (const auto& [name, role] : row.parameter_roles) {
    if (name == parameter) return role;
  }
  return parameter;
}

const Parameter* parameter_in_role(const OpRow& row, const Node& node, std::string_view role,
                                   std::uint32_t number) {
  if (row.parameter_roles.empty()) return number == 0 ? node.parameter(role) : nullptr;
  for (const Parameter& parameter : node.parameters) {
    if (parameter.is_own() && parameter_role(row, parameter.name) == role && number-- == 0)
      return &parameter;
  }
  return nullptr;
}

std::uint32_t number_in_role(const OpRow& row, const Node& node, const Parameter& parameter) {
  std::uint32_t number = 0;
  if (row.parameter_roles.empty()) return number;
  const std::string_view role = parameter_role(row, parameter.name);
  while (true) {
    const Parameter* const at = parameter_in_role(row, node, role, number);
    if (at == nullptr || at->name == parameter.name) return number;
    ++number;
  }
}

std::string_view input_role(const OpRow& row, const Node& node, std::size_t input) {
  const std::vector<std::string>& names = signature_of(row, node);
  if (names.empty() || row.input_roles.empty()) return "data_in";
  // A bias may stand where a weight would: layer_norm(x, [4], bias=b).
  const std::string_view name = argument_name(row, node, input);
  const auto role = std::ranges::find(row.input_roles, name);
  if (role != row.input_roles.end()) return *role;
  const auto at = std::ranges::find(names, name);
  if (at != names.end()) input = static_cast<std::size_t>(at - names.begin());
  return input < row.input_roles.size() ? std::string_view(row.input_roles[input]) : "data_in";
}

std::string_view input_name(const OpRow& row, const Node& node, std::size_t input) {
  // The second operand of a product is an operand of its own, whatever its role.
  const std::string_view role = input_role(row, node, input);
  if (role == "data_in" || input < row.operands.size()) return numbered_input(input);
  return role;
}

std::vector<std::string_view> quantizable_roles(const OpRow& row, const Node& node) {
  const std::size_t inputs = node.inputs().size();
  auto has = [&](std::string_view role) {
    if (role == "data_in" || parameter_in_role(row, node, role) != nullptr) return true;
    for (std::size_t i = 0; i < inputs; ++i) {
      if (input_role(row, node, i) == role) return true;
    }
    return false;
  };
  std::vector<std::string_view> roles;
  std::copy_if(row.quantizable.begin(), row.quantizable.end(), std::back_inserter(roles), has);
  return roles;
}

bool keeps_rows_apart(const Graph& graph, NodeId id) {
  const OpRow& row = row_of(graph.ops(), graph.node(id));
  return row.rows_apart && row.rows_apart(graph, id);
}

}  // namespace lathe
