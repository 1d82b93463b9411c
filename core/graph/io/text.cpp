#include "core/graph/io/text.hpp"

#include "core/graph/io/python_text.hpp"
#include "core/graph/ops/op_table.hpp"

#include <fmt/format.h>

namespace lathe {

namespace {

// torch.fx's _format_arg: nodes with a percent sign.
std::string argument_text(const Graph& graph, const Argument& argument, std::string_view sign,
                          bool tuples = false) {
  if (const NodeId* id = std::get_if<NodeId>(&argument.data)) {
    return std::string(sign) + graph.node(*id).name;
  }
  if (const Value* value = std::get_if<Value>(&argument.data)) return python_text(*value, tuples);
  std::string out;
  for (const Argument& item : std::get<std::vector<Argument>>(argument.data)) {
    out += (out.empty() ? "" : ", ") + argument_text(graph, item, sign);
  }
  return "[" + out + "]";
}

std::string call_text(const Graph& graph, const Node& node) {
  std::string args, kwargs;
  const OpRow* row = graph.ops().find(node.op);
  const bool tuples = row != nullptr && row->tuple_arguments;
  for (const Argument& argument : node.args) {
    args += (args.empty() ? "" : ", ") + argument_text(graph, argument, "%", tuples);
  }
  if (node.args.size() == 1) args += ",";  // a Python tuple of one
  for (const auto& [key, argument] : node.kwargs) {
    kwargs +=
        (kwargs.empty() ? "" : ", ") + key + ": " + argument_text(graph, argument, "%", tuples);
  }
  return fmt::format("(args = ({}), kwargs = {{{}}})", args, kwargs);
}

}  // namespace

std::string fx_text(const Graph& graph, std::string_view users_label) {
  std::string out = "graph():";
  for (NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (node.opcode == Opcode::output) {
      out += "\n    return " +
             (node.args.empty() ? std::string("None") : argument_text(graph, node.args[0], ""));
      continue;
    }
    const Value* type = graph.attributes(id).find("type");
    const bool typed = node.opcode == Opcode::placeholder && type != nullptr && type->is_string();
    out += fmt::format("\n    %{} : {}[{}={}] = {}[target={}]", node.name,
                       typed ? type->as_string() + " " : "", users_label, graph.users(id).size(),
                       name(node.opcode), node.target);
    if (node.opcode == Opcode::placeholder && !node.args.empty()) {
      out += "(default=" + argument_text(graph, node.args[0], "") + ")";
    } else if (node.opcode != Opcode::placeholder && node.opcode != Opcode::get_attr) {
      out += call_text(graph, node);
    }
  }
  return out;
}

}  // namespace lathe
