// lathe.graph/0: reading graphs.

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace lathe {
namespace {

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
    const lathe_profile& profile = view.profile(id);
    fill(out, {0, sizeof(lathe_operand), profile.operands, profile.operand_count});
  });
}

lathe_code cost(lathe_call* call, const lathe_graph* graph, std::uint32_t node,
                lathe_cost* out) noexcept {
  return node_call(call, graph, node,
                   [&](GraphView& view, NodeId id) { fill(out, *view.profile(id).cost); });
}

lathe_code op_facts(lathe_call* call, const lathe_graph* graph, std::uint32_t node,
                    lathe_op_facts* out) noexcept {
  return node_call(call, graph, node,
                   [&](GraphView& view, NodeId id) { fill(out, *view.profile(id).facts); });
}

lathe_code profiles(lathe_call* call, const lathe_graph* graph, const lathe_graph_view* view,
                    const lathe_profiles** out) noexcept {
  return graph_call(call, graph, [&](Call& c, lathe_graph& g) {
    required(out, "profiles") = &c.graphs().view(g, required(view, "view")).profiles();
  });
}

lathe_code parameters(lathe_call* call, const lathe_graph* graph, const lathe_graph_view* view,
                      const lathe_parameter_columns** out) noexcept {
  return graph_call(call, graph, [&](Call& c, lathe_graph& g) {
    required(out, "parameters") = &c.graphs().view(g, required(view, "view")).parameters();
  });
}

lathe_code metadata(lathe_call* call, const lathe_graph* graph, std::uint32_t node,
                    const lathe_value** out) noexcept {
  return graph_call(call, graph, [&](Call& c, lathe_graph& g) {
    const NodeId id = node_of(g, node);
    GraphView& view = c.graphs().view(g);
    const RunContext* run = c.context_or_null();
    const bool derived = run == nullptr || c.graphs().is_original(g);
    required(out, "metadata") = derived ? view.metadata(id) : view.metadata(id, run->notes);
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

// By name, with what passes have noted.
Value metadata_of(GraphView& view, const Graph& graph, const Notes& notes) {
  Value::Map all;
  all.reserve(graph.order().size());
  for (const NodeId id : graph.order())
    all.emplace_back(graph.node(id).name, from_abi(*view.metadata(id, notes)));
  return all;
}

lathe_code save(lathe_call* call, const lathe_graph* graph, lathe_str folder,
                lathe_str metadata_file) noexcept {
  return graph_call(call, graph, [&](Call& c, lathe_graph& g) {
    const RunContext& run = c.context();
    if (c.report == nullptr)
      throw run_error(LATHE_FAILED_PRECONDITION, "only a running pass can save a graph");
    if (run.in_trial || !run.save_graph)
      throw run_error(LATHE_FAILED_PRECONDITION,
                      run.in_trial ? "a trial of a search keeps no graph; 'lathe transform' saves "
                                     "the one that is wanted"
                                   : "this run keeps no graphs");
    if (run.drops_files) return;
    static const Notes none;
    const Notes& notes = c.graphs().is_original(g) ? none : run.notes;
    const std::filesystem::path wanted(view_of(folder));
    if (wanted.is_relative() && run.folder.empty())
      throw run_error(LATHE_FAILED_PRECONDITION, "this run has no folder to save a graph in");
    for (std::filesystem::path& file :
         run.save_graph(*g.graph, metadata_of(c.graphs().view(g), *g.graph, notes),
                        run.folder / c.component().id / wanted, view_of(metadata_file)))
      if (std::ranges::find(c.report->files, file) == c.report->files.end())
        c.report->files.push_back(std::move(file));
  });
}

lathe_code load(lathe_call* call, lathe_str path, lathe_graph** out) noexcept {
  return service_call(call, [&](Call& c) {
    if (!c.context().load_graph)
      throw run_error(LATHE_FAILED_PRECONDITION, "this run loads no graphs");
    Graph loaded = c.context().load_graph(view_of(path));
    const std::lock_guard lock(c.mutex);
    required(out, "graph") = c.graphs().own(std::move(loaded));
  });
}

}  // namespace

const lathe_graph_api& service_table(HostService<lathe_graph_api>) {
  static constexpr lathe_graph_api kTable{
      LATHE_SIZE_UP_TO(lathe_graph_api, load),
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
      profiles,
      parameters,
      save,
      load,
  };
  return kTable;
}

}  // namespace lathe
