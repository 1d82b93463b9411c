#include "core/graph/io/text.hpp"

#include "core/graph/io/python_text.hpp"
#include "core/graph/ops/op_table.hpp"

#include <fmt/format.h>

#include <iterator>

namespace lathe {

namespace {

// torch.fx's _format_arg: nodes with a percent sign.
void add_argument(std::string& out, const Graph& graph, const Argument& argument,
                  std::string_view sign, bool tuples = false) {
  if (const NodeId* id = std::get_if<NodeId>(&argument.data)) {
    out += sign;
    out += graph.node(*id).name;
  } else if (const Value* value = std::get_if<Value>(&argument.data)) {
    out += python_text(*value, tuples);
  } else {
    out += '[';
    bool first = true;
    for (const Argument& item : std::get<std::vector<Argument>>(argument.data)) {
      if (!first) out += ", ";
      first = false;
      add_argument(out, graph, item, sign);
    }
    out += ']';
  }
}

void add_call(std::string& out, const Graph& graph, const Node& node) {
  const OpRow* row = graph.ops().find(node.op);
  const bool tuples = row != nullptr && row->tuple_arguments;
  out += "(args = (";
  for (std::size_t i = 0; i < node.args.size(); ++i) {
    if (i > 0) out += ", ";
    add_argument(out, graph, node.args[i], "%", tuples);
  }
  if (node.args.size() == 1) out += ',';  // a Python tuple of one
  out += "), kwargs = {";
  bool first = true;
  for (const auto& [key, argument] : node.kwargs) {
    if (!first) out += ", ";
    first = false;
    out += key;
    out += ": ";
    add_argument(out, graph, argument, "%", tuples);
  }
  out += "})";
}

}  // namespace

std::string fx_text(const Graph& graph, std::string_view users_label) {
  std::string out = "graph():";
  const auto edges = graph.edges();
  for (NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (node.opcode == Opcode::output) {
      out += "\n    return ";
      if (node.args.empty()) {
        out += "None";
      } else {
        add_argument(out, graph, node.args[0], "");
      }
      continue;
    }
    const Value* type =
        node.opcode == Opcode::placeholder ? graph.attributes(id).find("type") : nullptr;
    const bool typed = type != nullptr && type->is_string();
    // A user that reads it twice is there twice.
    const std::size_t uses = edges->uses_of(id).size();
    fmt::format_to(std::back_inserter(out), "\n    %{} : {}[{}={}] = {}[target={}]", node.name,
                   typed ? type->as_string() + " " : "", users_label,
                   uses < 2 ? uses : graph.users(id).size(), name(node.opcode), node.target);
    if (node.opcode == Opcode::placeholder && !node.args.empty()) {
      out += "(default=";
      add_argument(out, graph, node.args[0], "");
      out += ')';
    } else if (node.opcode != Opcode::placeholder && node.opcode != Opcode::get_attr) {
      add_call(out, graph, node);
    }
  }
  return out;
}

}  // namespace lathe
