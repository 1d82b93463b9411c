#include "core/graph/verify.hpp"

#include "core/base/error.hpp"
#include "core/graph/formats/shared_weights.hpp"
#include "core/graph/inference.hpp"
#include "core/graph/naming.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace lathe {

namespace {

[[noreturn]] void refuse_argument(const NodeTable& nodes, const Node& node, NodeId input,
                                  std::span<const RemovedNode> removed) {
  if (index_of(input) < nodes.size() && nodes.find(input) != nullptr) {
    throw usage_error(fmt::format(
        "{}: reads node '{}', which does not come before it; a graph may not hold cycles",
        described(node), nodes.find(input)->name));
  }
  const auto gone = std::ranges::find(removed, input, &RemovedNode::id);
  if (gone != removed.end()) {
    throw usage_error(fmt::format("{}: still reads the removed node '{}'; replace its uses first",
                                  described(node), gone->node->name));
  }
  throw usage_error(
      fmt::format("{}: reads node {}, which does not exist", described(node), index_of(input)));
}

void verify_names(const Graph& graph) {
  std::unordered_set<std::string_view> names;
  for (NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (!is_legal_name(node.name)) {
      throw usage_error(
          fmt::format("node name '{}' is no identifier; it may hold letters, digits and "
                      "underscores and does not begin with a digit",
                      node.name));
    }
    if (!names.insert(node.name).second) {
      throw usage_error(fmt::format("two nodes are called '{}'", node.name));
    }
  }
}

// The columns must say what the nodes say.
void verify_edges(const Graph& graph) {
  EdgeColumns expected =
      edges_of(graph.nodes(), std::vector<NodeId>(graph.order().begin(), graph.order().end()));
  verify_structure(graph.nodes(), expected, {});
  expected.add_uses();
  const EdgeColumns& found = *graph.edges();
  if (found.inputs != expected.inputs || found.uses != expected.uses || found.op != expected.op ||
      found.alive != expected.alive) {
    throw usage_error("the columns of the graph do not say what its nodes say");
  }
}

// What inference would say of a node as it is.
void verify_inferred(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const OpRow& row = row_of(graph.ops(), node);
  std::vector<Result> inputs;
  for (NodeId input : node.inputs()) inputs.push_back(graph.node(input).result);
  Node again = node;
  Value attributes = graph.attributes(id);
  infer(again, attributes, graph.ops(), {graph.seed(), graph.spare_state(), graph.ties()},
        std::move(inputs));
  if (again.result != node.result) {
    throw usage_error(fmt::format("{}: its result is recorded as {}, but follows as {}",
                                  described(node), node.result.shape.text(),
                                  again.result.shape.text()));
  }
  if (attributes != graph.attributes(id)) {
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

void verify_structure(const NodeTable& nodes, const EdgeColumns& edges,
                      std::span<const RemovedNode> removed) {
  if (edges.order.empty())
    throw usage_error("the graph is empty; it needs at least an input and an output");
  std::vector<std::uint8_t> seen(nodes.size(), 0);
  for (NodeId id : edges.order) {
    for (const std::uint32_t input : edges.inputs_of(id)) {
      if (input >= seen.size() || seen[input] == 0) {
        refuse_argument(nodes, *nodes.find(id), NodeId{input}, removed);
      }
      if (edges.opcode[input] == LATHE_OPCODE_OUTPUT) {
        throw usage_error(fmt::format("{}: reads the output '{}'", described(*nodes.find(id)),
                                      nodes.find(NodeId{input})->name));
      }
    }
    if (edges.opcode[index_of(id)] == LATHE_OPCODE_OUTPUT && id != edges.order.back()) {
      throw usage_error(
          fmt::format("{}: the output must be the last node", described(*nodes.find(id))));
    }
    seen[index_of(id)] = 1;
  }
  const Node& last = *nodes.find(edges.order.back());
  if (last.opcode != Opcode::output) {
    throw usage_error(fmt::format("the graph has no output; its last node is '{}'", last.name));
  }
}

bool verify_shared_modules(const NodeTable& nodes, std::span<const NodeId> order) {
  std::unordered_map<std::string_view, NodeId> modules;
  bool shared = false;
  for (NodeId id : order) {
    const Node& node = *nodes.find(id);
    if (node.opcode != Opcode::call_module) continue;
    const auto [at, is_new] = modules.emplace(node.target, id);
    if (is_new) continue;
    shared = true;
    const Node& first = *nodes.find(at->second);
    if (first.op != node.op || nodes.attributes(at->second).values != nodes.attributes(id).values) {
      throw usage_error(fmt::format(
          "{} and {} share the module '{}', but differ in op or attributes; change both, or give "
          "one a target of its own",
          described(first), described(node), node.target));
    }
  }
  return shared;
}

void verify(const Graph& graph) {
  std::size_t alive = 0;
  for (std::uint32_t i = 0; i < graph.slots(); ++i) alive += graph.alive(NodeId{i}) ? 1 : 0;
  if (alive != graph.order().size()) {
    throw usage_error(
        fmt::format("the order holds {} nodes, but {} are alive", graph.order().size(), alive));
  }
  for (NodeId id : graph.order()) {
    if (!graph.alive(id)) {
      throw usage_error(fmt::format("the order holds node {}, which does not exist", index_of(id)));
    }
  }
  verify_names(graph);
  verify_edges(graph);
  for (NodeId id : graph.order()) verify_inferred(graph, id);
  verify_shared_modules(graph.nodes(), graph.order());
  verify_shared_formats(graph.nodes(), graph.order());
}

}  // namespace lathe
