// lathe.graph/0: reading graphs.

#include "core/graph/inference.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/graph/operands.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace lathe {
namespace {

// An output can be quantized wherever anything can.
std::uint32_t role_bits(const OpRow& row, const Node& node) {
  std::uint32_t bits = 0;
  for (std::string_view role : quantizable_roles(row, node)) bits |= 1u << role_named(role);
  return bits == 0 ? 0 : bits | 1u << LATHE_ROLE_DATA_OUT;
}

// Reads something of a graph, under the call's lock.
template <typename Body>
lathe_code graph_call(lathe_call* call, const lathe_graph* graph, const Body& body) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    body(c, c.graphs().find(graph));
  });
}

// The same of a node's row in the graph's view.
template <typename Body>
lathe_code node_call(lathe_call* call, const lathe_graph* graph, std::uint32_t node,
                     const Body& body) noexcept {
  return graph_call(call, graph, [&](Call& c, lathe_graph& g) {
    const NodeId id = node_of(g, node);
    body(c.graphs().view(g), id);
  });
}

lathe_code view(lathe_call* call, const lathe_graph* graph, const lathe_graph_view** out) noexcept {
  return graph_call(call, graph, [&](Call& c, lathe_graph& g) {
    required(out, "view") = &c.graphs().view(g).columns();
  });
}

lathe_code attributes(lathe_call* call, const lathe_graph* graph, std::uint32_t node,
                      const lathe_value** out) noexcept {
  return node_call(call, graph, node, [&](GraphView& view, NodeId id) {
    required(out, "attributes") = view.attributes(id);
  });
}

lathe_code find(lathe_call* call, const lathe_graph* graph, lathe_str name,
                std::uint32_t* node) noexcept {
  return graph_call(call, graph, [&](Call&, lathe_graph& g) {
    required(node, "node") = index_of(g.graph->find(view_of(name)));
  });
}

lathe_code operands(lathe_call* call, const lathe_graph* graph, std::uint32_t node,
                    lathe_operand_table* out) noexcept {
  return node_call(call, graph, node, [&](GraphView& view, NodeId id) {
    const auto rows = view.operands(id);
    fill(out, {0, sizeof(lathe_operand), rows.data(), rows.size()});
  });
}

lathe_code cost(lathe_call* call, const lathe_graph* graph, std::uint32_t node,
                lathe_cost* out) noexcept {
  return graph_call(call, graph, [&](Call&, lathe_graph& g) {
    const std::optional<Cost> known = cost_of(*g.graph, node_of(g, node));
    const Cost k = known.value_or(Cost{});
    fill(out, {0, known ? 1u : 0u, k.computations, k.backward_computations, k.parameters,
               k.input_elements, k.output_elements});
  });
}

lathe_code op_facts(lathe_call* call, const lathe_graph* graph, std::uint32_t id,
                    lathe_op_facts* out) noexcept {
  return graph_call(call, graph, [&](Call&, lathe_graph& g) {
    const Node& node = g.graph->node(node_of(g, id));
    const OpRow& row = row_of(g.graph->ops(), node);
    fill(out, {0, role_bits(row, node), row.bits, row.channels, row.weight_channels,
               row.is_unsigned ? 1u : 0u});
  });
}

lathe_code metadata(lathe_call* call, const lathe_graph* graph, std::uint32_t node,
                    const lathe_value** out) noexcept {
  return node_call(call, graph, node, [&](GraphView& view, NodeId id) {
    required(out, "metadata") = view.metadata(id);
  });
}

lathe_code text(lathe_call* call, const lathe_graph* graph, lathe_str* out) noexcept {
  return graph_call(call, graph, [&](Call& c, lathe_graph& g) {
    required(out, "text") = c.graphs().view(g).text();
  });
}

lathe_code module_text(lathe_call* call, const lathe_graph* graph, std::uint32_t node,
                       lathe_str* out) noexcept {
  return node_call(call, graph, node, [&](GraphView& view, NodeId id) {
    required(out, "text") = view.module_text(id);
  });
}

lathe_code original(lathe_call* call, const lathe_graph** out) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    required(out, "graph") = c.graphs().original();
  });
}

lathe_code arguments(lathe_call* call, const lathe_graph* graph, std::uint32_t node,
                     const lathe_value** out) noexcept {
  return node_call(call, graph, node, [&](GraphView& view, NodeId id) {
    required(out, "arguments") = view.arguments(id);
  });
}

lathe_code kwargs(lathe_call* call, const lathe_graph* graph, std::uint32_t node,
                  const lathe_value** out) noexcept {
  return node_call(call, graph, node,
                   [&](GraphView& view, NodeId id) { required(out, "kwargs") = view.kwargs(id); });
}

lathe_code copy(lathe_call* call, const lathe_graph* graph, lathe_graph** out) noexcept {
  return graph_call(call, graph,
                    [&](Call& c, lathe_graph& g) { required(out, "copy") = c.graphs().copy(&g); });
}

lathe_code release(lathe_call* call, lathe_graph* copy) noexcept {
  return graph_call(call, copy, [&](Call& c, lathe_graph& g) { c.graphs().release(&g); });
}

}  // namespace

const lathe_graph_api& graph_service() {
  static constexpr lathe_graph_api kTable{
      LATHE_SIZE_UP_TO(lathe_graph_api, op_facts),
      0,
      view,
      attributes,
      find,
      operands,
      cost,
      metadata,
      text,
      module_text,
      original,
      copy,
      release,
      arguments,
      kwargs,
      op_facts,
  };
  return kTable;
}

}  // namespace lathe
