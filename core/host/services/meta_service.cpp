// lathe.meta/0: notes and scalars of earlier passes.

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>

namespace lathe {
namespace {

const lathe_value* kept(Call& call, const Value* value) {
  return value == nullptr ? nullptr : call.kept_value(*value);
}

// Throws PluginMistake for a key that nothing can be left under.
void check_note(std::string_view key, const Value& value) {
  if (key.empty()) throw PluginMistake("a note needs a key");
  const auto section = std::ranges::find_if(
      Notes::kSections, [&](std::string_view s) { return Notes::lies_in(key, s); });
  if (section == Notes::kSections.end()) return;
  if (key.ends_with('/') || key.find("//") != std::string_view::npos) {
    throw PluginMistake(
        fmt::format("the note '{}' is a path into metadata with an empty part", key));
  }
  if (key == *section && !value.is_map()) {
    throw PluginMistake(
        fmt::format("the note '{}' stands for a whole section of metadata: it must be a map", key));
  }
}

lathe_code set_all(lathe_call* call, const lathe_graph* graph, const std::uint32_t* nodes,
                   std::uint64_t count, lathe_str key, const lathe_value* value) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    const lathe_graph& g = c.graphs().find(graph);
    const Value note = from_abi(required(value, "value"));
    check_note(view_of(key), note);
    const std::span all(count == 0 ? nullptr : &required(nodes, "nodes"), count);
    for (const std::uint32_t node : all) node_of(g, node);
    for (const std::uint32_t node : all) c.context().notes.set(NodeId{node}, view_of(key), note);
  });
}

lathe_code set(lathe_call* call, const lathe_graph* graph, std::uint32_t node, lathe_str key,
               const lathe_value* value) noexcept {
  return set_all(call, graph, &node, 1, key, value);
}

lathe_code erase(lathe_call* call, const lathe_graph* graph, std::uint32_t node,
                 lathe_str key) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    const lathe_graph& g = c.graphs().find(graph);
    std::optional<NodeId> at;
    if (node != LATHE_NONE_ID) at = node_of(g, node);
    if (view_of(key).empty()) throw PluginMistake("the notes to drop need a key");
    c.context().notes.erase(at, view_of(key));
  });
}

lathe_code get(lathe_call* call, const lathe_graph* graph, std::uint32_t node, lathe_str key,
               const lathe_value** value) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    const NodeId id = node_of(c.graphs().find(graph), node);
    required(value, "value") = kept(c, c.context().notes.find(id, view_of(key)));
  });
}

lathe_code scalar(lathe_call* call, lathe_str pass, lathe_str name,
                  const lathe_value** value) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    required(value, "value") = kept(c, c.context().notes.scalar(view_of(pass), view_of(name)));
  });
}

}  // namespace

const lathe_meta_api& service_table(HostService<lathe_meta_api>) {
  static constexpr lathe_meta_api kTable{
      LATHE_SIZE_UP_TO(lathe_meta_api, erase), 0, set, get, scalar, set_all, erase};
  return kTable;
}

}  // namespace lathe
