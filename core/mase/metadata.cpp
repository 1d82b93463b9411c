#include "core/mase/metadata.hpp"

#include "core/graph/inference.hpp"
#include "core/graph/operands.hpp"
#include "core/graph/ops/op_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace lathe {

namespace {

Value torch_dtype(DType dtype) { return "torch." + std::string(name(dtype)); }

Value list_of(const Shape& shape) { return Value::List(shape.begin(), shape.end()); }

Value empty_map() { return Value(Value::Map{}); }

// What a function is told besides tensors, under the names of its arguments; of a view the extents.
void add_literals(Value& args, const Graph& graph, const Node& node, const OpRow& row) {
  if (node.opcode != Opcode::call_function && node.opcode != Opcode::call_method) return;
  if (!row.signature.empty() && row.signature.back() == "...") {
    for (std::size_t i = 1; i < node.args.size(); ++i) {
      const Argument& argument = node.args[i];
      const NodeId* id = std::get_if<NodeId>(&argument.data);
      const Value* literal = std::get_if<Value>(&argument.data);
      if (id == nullptr && literal == nullptr) continue;
      args.set(fmt::format("shape_{}", i - 1),
               id != nullptr ? graph.node(*id).result.value : *literal);
    }
    return;
  }
  for (const auto& [key, value] : node.attributes.as_map()) args.set(key, value);
}

Value common_metadata(const Graph& graph, NodeId id, const OpRow& row) {
  const Node& node = graph.node(id);
  Value args = empty_map(), results = empty_map();
  for (const Operand& operand : operands_of(graph, id)) {
    Value entry = Value::Map{{"type", operand.type},
                             {"precision", operand.precision},
                             {"shape", list_of(operand.shape)}};
    if (operand.kind == LATHE_OPERAND_INPUT || operand.kind == LATHE_OPERAND_OUTPUT) {
      entry.set("torch_dtype", torch_dtype(operand.dtype));
    }
    if (operand.kind == LATHE_OPERAND_OUTPUT) {
      results.set(operand.name, std::move(entry));
    } else if (operand.kind != LATHE_OPERAND_BUFFER && node.opcode != Opcode::output) {
      args.set(operand.name, std::move(entry));
    }
  }
  if (!node.result.is_tensor()) {
    const bool is_int = node.result.value.is_int();
    results.set("data_out_0",
                Value::Map{{"type", is_int ? "int" : "Size"}, {"shape", Value::List{Value(1)}}});
  }
  add_literals(args, graph, node, row);
  return Value::Map{{"mase_type", mase_type(node, row)},
                    {"mase_op", node.op},
                    {"args", std::move(args)},
                    {"results", std::move(results)}};
}

// Every tensor gets a place for its statistics.
Value software_metadata(const Node& node, const OpRow& row) {
  const Value place = Value::Map{{"stat", Value::Map{}}};
  Value args = empty_map(), results = empty_map();
  std::size_t i = 0;
  // Sizes that a view reads count as inputs here, as in MASE.
  for ([[maybe_unused]] NodeId input : node.inputs()) args.set(input_name(row, node, i++), place);
  for (const Parameter& parameter : node.parameters) {
    if (parameter.name != "num_batches_tracked") args.set(parameter.name, place);
  }
  if (node.opcode != Opcode::output && node.result.is_tensor()) results.set("data_out_0", place);
  Value out = empty_map();
  if (node.opcode != Opcode::placeholder) out.set("args", std::move(args));
  if (!results.as_map().empty()) out.set("results", std::move(results));
  return out;
}

bool is_implicit(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const std::string_view type = mase_type(node, row_of(graph.ops(), node));
  return type == "placeholder" || type == "output" || type == "implicit_func";
}

// Whether `id` is joined to an end of the graph by implicit nodes only: those have no hardware.
bool reaches_end(const Graph& graph, NodeId id, bool backwards) {
  std::vector<NodeId> open{id};
  std::unordered_set<std::uint32_t> seen;
  while (!open.empty()) {
    const NodeId at = open.back();
    open.pop_back();
    if (!is_implicit(graph, at) || !seen.insert(index_of(at)).second) continue;
    const std::vector<NodeId> next = backwards ? graph.node(at).inputs() : graph.users(at);
    if (next.empty()) return true;
    open.insert(open.end(), next.begin(), next.end());
  }
  return false;
}

Value hardware_metadata(const Graph& graph, NodeId id) {
  Value out = empty_map();
  if (reaches_end(graph, id, true) || reaches_end(graph, id, false)) {
    out.set("is_implicit", Value(true));
  }
  return out;
}

}  // namespace

Value node_metadata(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  return Value::Map{{"common", common_metadata(graph, id, row_of(graph.ops(), node))},
                    {"software", software_metadata(node, row_of(graph.ops(), node))},
                    {"hardware", hardware_metadata(graph, id)}};
}

}  // namespace lathe
