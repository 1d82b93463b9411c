// lathe.tensor/0: contents of parameters, and tensors for a plugin's own use.

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"
#include "core/host/services/tensor_pool.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

const DLTensor* parameter(lathe_call* call, const lathe_graph* graph, std::uint32_t node,
                          lathe_str name) noexcept {
  return service_value<const DLTensor*>(call, nullptr, [&](Call& c) -> const DLTensor* {
    c.require(LATHE_FLAG_READS_WEIGHTS, "LATHE_FLAG_READS_WEIGHTS");
    const std::lock_guard lock(c.mutex);
    const Graph& g = *c.graphs().find(graph).graph;
    const NodeId id{node};
    if (node >= g.slots() || !g.alive(id)) {
      throw usage_error(fmt::format("the graph has no node with id {}", node));
    }
    const Parameter* found = g.node(id).parameter(view_of(name));
    if (found == nullptr) {
      throw run_error(LATHE_NOT_FOUND, fmt::format("node '{}' has no parameter or buffer '{}'",
                                                   g.node(id).name, view_of(name)));
    }
    return c.tensors().keep(found->content->tensor());
  });
}

DLTensor* zeros(lathe_call* call, lathe_dtype dtype, const std::int64_t* shape,
                std::uint64_t rank) noexcept {
  return service_value<DLTensor*>(call, nullptr, [&](Call& c) {
    if (dtype == LATHE_DTYPE_NONE || dtype > LATHE_BOOLEAN) {
      throw usage_error(fmt::format("there is no element type {}", dtype));
    }
    if (rank > 0 && shape == nullptr) throw usage_error("its shape is null");
    if (rank > 64) throw usage_error(fmt::format("a tensor of rank {} is not believed", rank));
    std::vector<std::int64_t> dims(shape, shape + rank);
    for (const std::int64_t extent : dims) {
      if (extent < 0) throw usage_error(fmt::format("its shape has the extent {}", extent));
    }
    // Nobody else holds this tensor, so the plugin may write it until it returns.
    return c.tensors().keep(Tensor::make(DType{dtype}, Shape(std::move(dims))));
  });
}

}  // namespace

const lathe_tensor_api& tensor_service() {
  static constexpr lathe_tensor_api kTable{
      LATHE_SIZE_UP_TO(lathe_tensor_api, zeros),
      0,
      parameter,
      zeros,
  };
  return kTable;
}

}  // namespace lathe
