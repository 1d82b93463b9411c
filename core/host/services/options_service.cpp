// lathe.options/0: node maps, resolved against the graph.

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"

namespace lathe {
namespace {

lathe_code nodes(lathe_call* call, const lathe_graph* graph, const char* key,
                 const lathe_node_options** rows, std::uint64_t* count) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    const auto found = c.graphs().rows(c.graphs().find(graph), key == nullptr ? "" : key);
    *rows = found.data();
    *count = found.size();
  });
}

lathe_str location(lathe_call* call, lathe_str key) noexcept {
  return service_value<lathe_str>(call, lathe_str{"", 0}, [&](Call& c) {
    const Value* value = c.options == nullptr ? nullptr : c.options->find(view_of(key));
    if (value == nullptr || !value->position().known()) return lathe_str{"", 0};
    const std::string text = value->position().text();
    auto* memory = static_cast<char*>(c.scratch(text.size(), 1));
    text.copy(memory, text.size());
    return lathe_str{memory, text.size()};
  });
}

}  // namespace

const lathe_options_api& options_service() {
  static constexpr lathe_options_api kTable{
      LATHE_SIZE_UP_TO(lathe_options_api, location),
      0,
      nodes,
      location,
  };
  return kTable;
}

}  // namespace lathe
