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

NodeId node_of(const lathe_graph& graph, std::uint32_t node) {
  const NodeId id{node};
  if (node >= graph.graph->slots() || !graph.graph->alive(id)) {
    throw usage_error(fmt::format("the graph has no node with id {}", node));
  }
  return id;
}

// An output can be quantized wherever anything can.
std::uint32_t role_bits(const OpRow& row, const Node& node) {
  std::uint32_t bits = 0;
  for (std::string_view role : quantizable_roles(row, node)) bits |= 1u << role_named(role);
  return bits == 0 ? 0 : bits | 1u << LATHE_ROLE_DATA_OUT;
}

const lathe_graph_view* view(lathe_call* call, const lathe_graph* graph) noexcept {
  return service_value<const lathe_graph_view*>(call, nullptr, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    return &c.graphs().view(c.graphs().find(graph)).columns();
  });
}

const lathe_value* attributes(lathe_call* call, const lathe_graph* graph,
                              std::uint32_t node) noexcept {
  return service_value<const lathe_value*>(call, nullptr, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    lathe_graph& g = c.graphs().find(graph);
    return c.graphs().view(g).attributes(node_of(g, node));
  });
}

std::uint32_t find(lathe_call* call, const lathe_graph* graph, lathe_str name) noexcept {
  return service_value<std::uint32_t>(call, LATHE_NONE_ID, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    return index_of(c.graphs().find(graph).graph->find(view_of(name)));
  });
}

lathe_code operands(lathe_call* call, const lathe_graph* graph, std::uint32_t node,
                    const lathe_operand** out, std::uint64_t* count) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    lathe_graph& g = c.graphs().find(graph);
    const auto rows = c.graphs().view(g).operands(node_of(g, node));
    *out = rows.data();
    *count = rows.size();
  });
}

lathe_code cost(lathe_call* call, const lathe_graph* graph, std::uint32_t node,
                lathe_cost* out) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    const lathe_graph& g = c.graphs().find(graph);
    const std::optional<Cost> known = cost_of(*g.graph, node_of(g, node));
    const Cost k = known.value_or(Cost{});
    // A caller built with an older SDK gets the fields it knows.
    const lathe_cost full{out->struct_size,        known ? 1u : 0u, k.computations,
                          k.backward_computations, k.parameters,    k.input_elements,
                          k.output_elements};
    std::memcpy(out, &full, std::min<std::size_t>(out->struct_size, sizeof full));
  });
}

lathe_code op_facts(lathe_call* call, const lathe_graph* graph, std::uint32_t id,
                    lathe_op_facts* out) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    const Graph& g = *c.graphs().find(graph).graph;
    const Node& node = g.node(node_of(c.graphs().find(graph), id));
    const OpRow& row = row_of(g.ops(), node);
    const lathe_op_facts full{out->struct_size, role_bits(row, node), row.bits,
                              row.channels,     row.weight_channels,  row.is_unsigned ? 1u : 0u};
    std::memcpy(out, &full, std::min<std::size_t>(out->struct_size, sizeof full));
  });
}

const lathe_value* metadata(lathe_call* call, const lathe_graph* graph,
                            std::uint32_t node) noexcept {
  return service_value<const lathe_value*>(call, nullptr, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    lathe_graph& g = c.graphs().find(graph);
    return c.graphs().view(g).metadata(node_of(g, node));
  });
}

lathe_str text(lathe_call* call, const lathe_graph* graph) noexcept {
  return service_value<lathe_str>(call, lathe_str{"", 0}, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    return c.graphs().view(c.graphs().find(graph)).text();
  });
}

lathe_str module_text(lathe_call* call, const lathe_graph* graph, std::uint32_t node) noexcept {
  return service_value<lathe_str>(call, lathe_str{"", 0}, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    lathe_graph& g = c.graphs().find(graph);
    return c.graphs().view(g).module_text(node_of(g, node));
  });
}

const lathe_graph* original(lathe_call* call) noexcept {
  return service_value<const lathe_graph*>(call, nullptr, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    return c.graphs().original();
  });
}

const lathe_value* arguments(lathe_call* call, const lathe_graph* graph,
                             std::uint32_t node) noexcept {
  return service_value<const lathe_value*>(call, nullptr, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    lathe_graph& g = c.graphs().find(graph);
    return c.graphs().view(g).arguments(node_of(g, node));
  });
}

lathe_code copy(lathe_call* call, const lathe_graph* graph, lathe_graph** out) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    *out = c.graphs().copy(graph);
  });
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
      arguments,
      op_facts,
  };
  return kTable;
}

}  // namespace lathe
