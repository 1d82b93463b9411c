#include "core/graph/verify.hpp"

#include "core/base/error.hpp"
#include "core/graph/inference.hpp"
#include "core/graph/naming.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace lathe {

namespace {

void check_argument_order(const Nodes& nodes, const Node& node, NodeId input,
                          const std::vector<bool>& seen,
                          const std::unordered_map<std::uint32_t, std::string>& removed) {
  const std::uint32_t i = index_of(input);
  if (i < nodes.size() && nodes[i] != nullptr) {
    if (seen[i]) return;
    throw usage_error(fmt::format(
        "{}: reads node '{}', which does not come before it; a graph may not hold cycles",
        described(node), nodes[i]->name));
  }
  const auto gone = removed.find(i);
  if (gone != removed.end()) {
    throw usage_error(fmt::format("{}: still reads the removed node '{}'; replace its uses first",
                                  described(node), gone->second));
  }
  throw usage_error(fmt::format("{}: reads node {}, which does not exist", described(node), i));
}

// What inference would say of a node as it is.
void verify_inferred(const Graph& graph, const Node& node) {
  const OpRow& row = row_of(graph.ops(), node);
  std::vector<Result> inputs;
  for (NodeId input : node.inputs()) inputs.push_back(graph.node(input).result);
  Node again = node;
  infer(again, graph.ops(), graph.seed(), std::move(inputs));
  if (again.result != node.result) {
    throw usage_error(fmt::format("{}: its result is recorded as {}, but follows as {}",
                                  described(node), node.result.shape.text(),
                                  again.result.shape.text()));
  }
  if (again.attributes != node.attributes) {
    throw usage_error(fmt::format("{}: its attributes are not complete", described(node)));
  }
  if (again.parameters.size() != node.parameters.size()) {
    throw usage_error(fmt::format("{}: has {} parameters, expected {}", described(node),
                                  node.parameters.size(), again.parameters.size()));
  }
  for (std::size_t i = 0; i < again.parameters.size(); ++i) {
    const Parameter& expected = again.parameters[i];
    const Parameter& found = node.parameters[i];
    if (expected.name != found.name || expected.shape != found.shape ||
        expected.dtype != found.dtype || found.content == nullptr) {
      throw usage_error(fmt::format("{}: parameter '{}' has shape {}, expected {}", described(node),
                                    found.name, found.shape.text(), expected.shape.text()));
    }
  }
  for (const OperandFormat& format : node.formats) check_format_role(node, row, format.role);
}

}  // namespace

void verify_structure(const Nodes& nodes, std::span<const NodeId> order,
                      const std::unordered_map<std::uint32_t, std::string>& removed) {
  if (order.empty())
    throw usage_error("the graph is empty; it needs at least an input and an output");
  std::unordered_set<std::string_view> names;
  std::vector<bool> seen(nodes.size(), false);
  for (NodeId id : order) {
    const Node& node = *nodes.at(index_of(id));
    if (!is_legal_name(node.name)) {
      throw usage_error(
          fmt::format("node name '{}' is no identifier; it may hold letters, digits and "
                      "underscores and does not begin with a digit",
                      node.name));
    }
    if (!names.insert(node.name).second) {
      throw usage_error(fmt::format("two nodes are called '{}'", node.name));
    }
    for (NodeId input : node.inputs()) {
      check_argument_order(nodes, node, input, seen, removed);
      if (nodes[index_of(input)]->opcode == Opcode::output) {
        throw usage_error(fmt::format("{}: reads the output '{}'", described(node),
                                      nodes[index_of(input)]->name));
      }
    }
    if (node.opcode == Opcode::output && id != order.back()) {
      throw usage_error(fmt::format("{}: the output must be the last node", described(node)));
    }
    seen[index_of(id)] = true;
  }
  const Node& last = *nodes[index_of(order.back())];
  if (last.opcode != Opcode::output) {
    throw usage_error(fmt::format("the graph has no output; its last node is '{}'", last.name));
  }
}

void verify_shared_modules(const Nodes& nodes, std::span<const NodeId> order) {
  std::unordered_map<std::string_view, const Node*> modules;
  for (NodeId id : order) {
    const Node& node = *nodes[index_of(id)];
    if (node.opcode != Opcode::call_module) continue;
    const auto [at, is_new] = modules.emplace(node.target, &node);
    if (is_new) continue;
    const Node& first = *at->second;
    if (first.op != node.op || first.attributes != node.attributes) {
      throw usage_error(fmt::format(
          "{} and {} share the module '{}', but differ in op or attributes; change both, or give "
          "one a target of its own",
          described(first), described(node), node.target));
    }
  }
}

void verify(const Graph& graph) {
  Nodes nodes(graph.slots());
  std::size_t alive = 0;
  for (std::uint32_t i = 0; i < graph.slots(); ++i) {
    if (!graph.alive(NodeId{i})) continue;
    ++alive;
    // Borrowed: the graph outlives this call.
    nodes[i] = std::shared_ptr<const Node>(std::shared_ptr<const Node>(), &graph.node(NodeId{i}));
  }
  if (alive != graph.order().size()) {
    throw usage_error(
        fmt::format("the order holds {} nodes, but {} are alive", graph.order().size(), alive));
  }
  for (NodeId id : graph.order()) {
    if (!graph.alive(id)) {
      throw usage_error(fmt::format("the order holds node {}, which does not exist", index_of(id)));
    }
  }
  verify_structure(nodes, graph.order(), {});
  for (NodeId id : graph.order()) verify_inferred(graph, graph.node(id));
  verify_shared_modules(nodes, graph.order());
}

}  // namespace lathe
