// lathe.tensor/0: contents of parameters, and tensors for a plugin's own use.

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"
#include "core/host/services/tensor_pool.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

lathe_code parameter(lathe_call* call, const lathe_graph* graph, std::uint32_t node, lathe_str name,
                     const lathe_tensor** tensor) noexcept {
  return service_call(call, [&](Call& c) {
    c.require(LATHE_FLAG_READS_WEIGHTS, "LATHE_FLAG_READS_WEIGHTS");
    const std::lock_guard lock(c.mutex);
    const lathe_graph& g = c.graphs().find(graph);
    const Node& owner = g.graph->node(node_of(g, node));
    const Parameter* found = owner.parameter(view_of(name));
    if (found == nullptr) {
      throw run_error(LATHE_NOT_FOUND, fmt::format("node '{}' has no parameter or buffer '{}'",
                                                   owner.name, view_of(name)));
    }
    required(tensor, "tensor") = c.tensors().keep(found->content->tensor(), LATHE_TENSOR_READ_ONLY);
  });
}

lathe_code zeros(lathe_call* call, lathe_dtype dtype, const std::int64_t* shape, std::uint64_t rank,
                 lathe_tensor** tensor) noexcept {
  return service_call(call, [&](Call& c) {
    if (dtype == LATHE_DTYPE_NONE || dtype > LATHE_DTYPE_BOOL) {
      throw PluginMistake(fmt::format("there is no element type {}", dtype));
    }
    if (rank > 64) throw PluginMistake(fmt::format("a tensor of rank {} is not believed", rank));
    if (rank > 0) required(shape, "shape");
    std::vector<std::int64_t> dims(shape, shape + rank);
    for (const std::int64_t extent : dims) {
      if (extent < 0) throw PluginMistake(fmt::format("its shape has the extent {}", extent));
    }
    // Nobody else holds this tensor, so the plugin may write it until it returns.
    required(tensor, "tensor") =
        c.tensors().keep(Tensor::make(DType{dtype}, Shape(std::move(dims))), 0);
  });
}

lathe_code release(lathe_call* call, const lathe_tensor* tensor) noexcept {
  return service_call(call, [&](Call& c) { c.tensors().release(&required(tensor, "tensor")); });
}

}  // namespace

const lathe_tensor_api& service_table(HostService<lathe_tensor_api>) {
  static constexpr lathe_tensor_api kTable{
      LATHE_SIZE_UP_TO(lathe_tensor_api, release), 0, parameter, zeros, release,
  };
  return kTable;
}

}  // namespace lathe
