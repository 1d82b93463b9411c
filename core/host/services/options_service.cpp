// lathe.options/0: node maps, resolved against the graph.

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"

namespace lathe {
namespace {

lathe_code nodes(lathe_call* call, const lathe_graph* graph, lathe_str key,
                 lathe_node_options_table* table) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    const auto rows = c.graphs().rows(c.graphs().find(graph), view_of(key));
    fill(table, {0, sizeof(lathe_node_options), rows.data(), rows.size()});
  });
}

// What a dotted key leads to; null if the user did not write it.
const Value* written(const Value* options, std::string_view key) {
  while (options != nullptr) {
    const std::size_t dot = key.find('.');
    options = options->find(key.substr(0, dot));
    if (dot == std::string_view::npos) break;
    key.remove_prefix(dot + 1);
  }
  return options;
}

lathe_code location(lathe_call* call, lathe_str key, lathe_str* text) noexcept {
  return service_call(call, [&](Call& c) {
    const Value* value = written(c.options, view_of(key));
    const bool known = value != nullptr && value->position().known();
    required(text, "text") = c.kept_text(known ? value->position().text() : "");
  });
}

}  // namespace

const lathe_options_api& service_table(HostService<lathe_options_api>) {
  static constexpr lathe_options_api kTable{
      LATHE_SIZE_UP_TO(lathe_options_api, location),
      0,
      nodes,
      location,
  };
  return kTable;
}

}  // namespace lathe
