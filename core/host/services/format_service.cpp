// lathe.format/0: number formats on tensors of graphs, for plugins to try.

#include "core/graph/inference.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/graph/operands.hpp"
#include "core/host/instances/format_choice.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"
#include "core/host/services/used_formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace lathe {
namespace {

// What a place names in a graph, looked up.
struct Place {
  const Graph* graph;
  NodeId id;
  std::string_view role;
  SiteTensor tensor;
  const Node& node() const { return graph->node(id); }
};

// REQUIRES: the call is locked.
Place place_of(Call& call, const lathe_graph* handle, const lathe_operand_place* place) {
  const lathe_graph& graph = call.graphs().find(handle);
  const lathe_operand_place& at = required(place, "place");
  const std::string_view role = role_name(at.role);
  if (role.empty()) throw PluginMistake(fmt::format("there is no role {}", at.role));
  const NodeId id = node_of(graph, at.node);
  SiteTensor tensor = site_of(*graph.graph, id, role, at.input_index);
  if (tensor.site.role == LATHE_ROLE_NONE) {
    throw PluginMistake(fmt::format("{} has no tensor of the role '{}' at input {}",
                                    described(graph.graph->node(id)), role, at.input_index));
  }
  return {graph.graph, id, role, std::move(tensor)};
}

const lathe_used_format& used_of(Call& call, const lathe_used_format* handle) {
  const std::lock_guard lock(call.mutex);
  return call.formats().find(handle);
}

// Of a tensor that a plugin lends, checked to be one that the format can work on there: then dense
// float32 in host memory.
BorrowedTensor values_of(const lathe_tensor* lent, std::string_view name,
                         const lathe_used_format& format, lathe_tensor_flags flags) {
  const lathe_tensor& tensor = required(lent, name);
  if (tensor.struct_size < LATHE_SIZE_UP_TO(lathe_tensor, dl)) {
    throw PluginMistake(fmt::format("its '{}' has no believable struct_size", name));
  }
  const DLTensor& dl = tensor.dl;
  const bool is_float = dl.dtype.code == kDLFloat && dl.dtype.bits == 32 && dl.dtype.lanes == 1;
  if (dl.device.device_type != kDLCPU || !is_float ||
      LATHE_HAS(lathe_tensor, &tensor, quantization)) {
    throw PluginMistake(fmt::format("its '{}' is not float32 in host memory", name));
  }
  const Shape& site = format.tensor.shape;
  const bool has_rank = dl.ndim >= 0 && static_cast<std::size_t>(dl.ndim) == site.rank() &&
                        (dl.ndim == 0 || dl.shape != nullptr);
  const std::vector<std::int64_t> extents =
      has_rank ? std::vector<std::int64_t>(dl.shape, dl.shape + dl.ndim)
               : std::vector<std::int64_t>();
  // State of more than one number goes by the tensor's extents, the batch aside.
  const bool bound = std::ranges::any_of(
      format.state, [](const FormatState& state) { return state.parameter->shape.numel() > 1; });
  const lathe_role role = format.tensor.site.role;
  const std::size_t free = role == LATHE_ROLE_DATA_IN || role == LATHE_ROLE_DATA_OUT ? 1 : 0;
  bool fits = has_rank;
  for (std::size_t d = 0; fits && d < extents.size(); ++d) {
    fits = extents[d] >= 0 && (!bound || d < free || extents[d] == site[d]);
  }
  if (!fits) {
    throw PluginMistake(fmt::format(
        "its '{}' has {}; the {} of node '{}' is {}", name,
        has_rank ? "the shape " + Shape(extents).text() : fmt::format("the rank {}", dl.ndim),
        format.tensor.name, format.node.name, site.text()));
  }
  const auto* data = static_cast<const char*>(dl.data);
  if (data == nullptr && Shape(extents).numel() > 0) {
    throw PluginMistake(fmt::format("its '{}' has no data", name));
  }
  std::int64_t step = 1;
  for (std::size_t d = extents.size(); d-- > 0 && dl.strides != nullptr;) {
    if (extents[d] > 1 && dl.strides[d] != step) {
      throw PluginMistake(fmt::format("its '{}' is not dense", name));
    }
    step *= extents[d];
  }
  return {DType::float32, data + dl.byte_offset, extents, flags};
}

FormatArguments arguments_of(const lathe_used_format& format, const SiteTensor& tensor) {
  return {format.node, tensor, format.state, {.seed = format.seed}};
}
FormatArguments arguments_of(const lathe_used_format& format) {
  return arguments_of(format, format.tensor);
}

// The tensor that the format sits on, with the extents of the one that it is lent.
SiteTensor site_of(const lathe_used_format& format, const lathe_tensor& lent) {
  SiteTensor tensor = format.tensor;
  tensor.shape = Shape(std::vector<std::int64_t>(lent.dl.shape, lent.dl.shape + lent.dl.ndim));
  return tensor;
}

lathe_code find(lathe_call* call, const lathe_graph* graph, const lathe_operand_place* place,
                const lathe_used_format** format) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    const lathe_used_format*& out = required(format, "format");
    out = nullptr;
    Place at = place_of(c, graph, place);
    const OperandFormat* set = at.node().format(at.role);
    if (set == nullptr) return;
    out = c.formats().keep(format_instance(*c.context().registry, set->format, set->options),
                           at.node(), std::move(at.tensor), at.graph->seed());
  });
}

// The node as it would be with that format, which has no state yet.
Node with_fresh_state(const Node& node, const OperandFormat& format, const SiteTensor& tensor,
                      std::uint64_t seed) {
  Node out = node;
  std::vector<Parameter> parameters;
  std::ranges::copy_if(node.parameters, std::back_inserter(parameters),
                       [&](const Parameter& p) { return p.site != tensor.site; });
  for (Parameter& state : state_parameters(node, format, tensor)) {
    state.content = std::make_shared<ParameterContent>(state.initialiser, state.dtype, state.shape,
                                                       seed, state.qualified_name);
    parameters.push_back(std::move(state));
  }
  out.parameters = std::move(parameters);
  return out;
}

lathe_code make(lathe_call* call, const lathe_graph* graph, const lathe_operand_place* place,
                lathe_str format, const lathe_value* options,
                const lathe_used_format** used) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    const lathe_used_format*& out = required(used, "used");
    out = nullptr;
    Place at = place_of(c, graph, place);
    const Node& node = at.node();
    const OpRow& row = row_of(at.graph->ops(), node);
    check_format_role(node, row, at.role);
    const Registry& registry = *c.context().registry;
    const OperandFormat chosen =
        operand_format(registry, view_of(format), options, at.role, node, row);
    Node with_state = with_fresh_state(node, chosen, at.tensor, at.graph->seed());
    out = c.formats().keep(format_instance(registry, chosen.format, chosen.options),
                           std::move(with_state), std::move(at.tensor), at.graph->seed());
  });
}

lathe_code quantize(lathe_call* call, const lathe_used_format* format, const lathe_tensor* x,
                    lathe_tensor* y) noexcept {
  return service_call(call, [&](Call& c) {
    const lathe_used_format& used = used_of(c, format);
    const BorrowedTensor from = values_of(x, "x", used, LATHE_TENSOR_READ_ONLY);
    BorrowedTensor to = values_of(y, "y", used, 0);
    if (y->flags & LATHE_TENSOR_READ_ONLY) throw PluginMistake("its 'y' is READ_ONLY");
    if (!std::equal(x->dl.shape, x->dl.shape + x->dl.ndim, y->dl.shape)) {
      throw PluginMistake("its 'x' and 'y' have different shapes");
    }
    const SiteTensor site = site_of(used, *x);
    used.format->quantize(arguments_of(used, site).context(), from.view(), to.view());
  });
}

template <typename T>
const T* kept_copy(Call& call, const std::vector<T>& items) {
  if (items.empty()) return nullptr;
  T* copy = call.kept<T>(items.size());
  std::ranges::copy(items, copy);
  return copy;
}

lathe_code codes(lathe_call* call, const lathe_used_format* format, const lathe_tensor* x,
                 lathe_integer_codes* out) noexcept {
  return service_call(call, [&](Call& c) {
    const lathe_used_format& used = used_of(c, format);
    const BorrowedTensor from = values_of(x, "x", used, LATHE_TENSOR_READ_ONLY);
    if (required(out, "codes").struct_size < LATHE_SIZE_UP_TO(lathe_integer_codes, level_count)) {
      throw PluginMistake("its 'codes' has no believable struct_size");
    }
    if (!used.format->has_codes()) {
      throw run_error(LATHE_UNIMPLEMENTED,
                      fmt::format("format '{}' has no integer codes", used.format->component().id));
    }
    const SiteTensor site = site_of(used, *x);
    const IntegerCodes made = used.format->codes(arguments_of(used, site).context(), from.view());
    if (!made.codes.empty()) std::ranges::copy(made.codes, &required(out->codes, "codes->codes"));
    out->width = static_cast<std::uint32_t>(made.width);
    out->is_signed = made.is_signed ? 1 : 0;
    out->block_shape = kept_copy(c, made.block.dims());
    out->scale = kept_copy(c, made.scale);
    out->scale_count = made.scale.size();
    out->zero_point = kept_copy(c, made.zero_point);
    out->levels = kept_copy(c, made.levels);
    out->level_count = made.levels.size();
  });
}

lathe_code fit_axis(lathe_call* call, const lathe_used_format* format, std::uint32_t* open,
                    std::int32_t* axis) noexcept {
  return service_call(call, [&](Call& c) {
    const lathe_used_format& used = used_of(c, format);
    const auto found = used.format->fit_axis(arguments_of(used).site());
    required(open, "open") = found ? 1 : 0;
    required(axis, "axis") = found.value_or(-1);
  });
}

std::vector<lathe_seen> seen_of(const lathe_seen_table* given) {
  const lathe_seen_table& table = required(given, "seen");
  if (table.struct_size < LATHE_SIZE_UP_TO(lathe_seen_table, count) ||
      table.row_size < LATHE_SIZE_UP_TO(lathe_seen, mean_magnitude)) {
    throw PluginMistake("its 'seen' has no believable struct_size or row_size");
  }
  if (table.count > 0) required(table.rows, "seen->rows");
  std::vector<lathe_seen> rows;
  const char* at = reinterpret_cast<const char*>(table.rows);
  for (std::uint64_t i = 0; i < table.count; ++i, at += table.row_size) {
    std::memcpy(&rows.emplace_back(), at, sizeof(lathe_seen));
  }
  return rows;
}

lathe_code fit(lathe_call* call, const lathe_used_format* format, const lathe_seen_table* seen,
               const lathe_value** options) noexcept {
  return service_call(call, [&](Call& c) {
    const lathe_used_format& used = used_of(c, format);
    const lathe_value*& out = required(options, "options");
    const FormatArguments arguments = arguments_of(used);
    const lathe_site& site = arguments.site();
    const auto axis = used.format->fit_axis(site);
    Value chosen = used.format->options();
    if (axis) {
      const std::uint64_t wanted = *axis < 0 ? 1 : static_cast<std::uint64_t>(site.shape[*axis]);
      if (required(seen, "seen").count != wanted) {
        throw PluginMistake(fmt::format("it gave {} rows of what was seen; format '{}' takes {}",
                                        seen->count, used.format->component().id, wanted));
      }
      chosen = used.format->fit(site, seen_of(seen));
    }
    const std::lock_guard lock(c.mutex);
    out = c.kept_value(std::move(chosen));
  });
}

}  // namespace

const lathe_format_api& service_table(HostService<lathe_format_api>) {
  static constexpr lathe_format_api kTable{
      LATHE_SIZE_UP_TO(lathe_format_api, fit), 0, find, make, quantize, codes, fit_axis, fit,
  };
  return kTable;
}

}  // namespace lathe
