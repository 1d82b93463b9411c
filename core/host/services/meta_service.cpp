// lathe.meta/0: notes and scalars of earlier passes.

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

const lathe_value* kept(Call& call, const Value* value) {
  return value == nullptr ? nullptr : call.kept_value(*value);
}

lathe_code set(lathe_call* call, const lathe_graph* graph, std::uint32_t node, lathe_str key,
               const lathe_value* value) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    const NodeId id = node_of(c.graphs().find(graph), node);
    if (view_of(key).empty()) throw PluginMistake("a note needs a key");
    c.context().notes.set(id, view_of(key), from_abi(required(value, "value")));
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
  static constexpr lathe_meta_api kTable{LATHE_SIZE_UP_TO(lathe_meta_api, scalar), 0, set, get,
                                         scalar};
  return kTable;
}

}  // namespace lathe
