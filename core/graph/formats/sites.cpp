#include "core/graph/formats/sites.hpp"

#include "core/graph/columns/alike_nodes.hpp"
#include "core/graph/formats/storage.hpp"
#include "core/graph/graph.hpp"
#include "core/graph/inference.hpp"
#include "core/graph/operands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

namespace lathe {

namespace {

// Between the tensor and the name of a state.
constexpr std::string_view kBehindSite = "_quantizer";

std::int32_t axis_within(std::size_t axis, const Shape& shape) {
  return axis < shape.rank() ? static_cast<std::int32_t>(axis) : -1;
}

// A weight that comes as an input is a layer's own kind of weight, or the second factor of a
// product, whose last dimension is that of the result: a vector has none.
std::int32_t weight_axis(const OpRow& row, const Shape& shape) {
  const bool layer = static_cast<bool>(row.parameters);
  if (layer) return axis_within(row.weight_channels, shape);
  return shape.rank() < 2 ? -1 : axis_within(shape.rank() - 1, shape);
}

SiteTensor site(const OpRow& row, std::string_view role, std::uint32_t input, const Shape& shape) {
  const lathe_role number = role_named(role);
  return {{number, input}, std::string(role), shape, channel_axis(row, number, shape)};
}

Shape state_shape(const StateSpec& spec, const SiteTensor& tensor) {
  if (!spec.per_channel) return spec.shape;
  const std::int32_t axis = tensor.channel_axis;
  return Shape{axis < 0 ? 1 : tensor.shape[static_cast<std::size_t>(axis)]};
}

Parameter state_parameter(const Node& node, const StateSpec& spec, const SiteTensor& tensor) {
  Parameter out;
  out.name = fmt::format("{}{}.{}", tensor.name, kBehindSite, spec.name);
  // Functions share their targets.
  out.qualified_name = (node.is_function() ? node.name : node.target) + "." + out.name;
  out.shape = state_shape(spec, tensor);
  out.is_buffer = !spec.learnable;
  out.initialiser = {Initialiser::Kind::constant, spec.initial};
  out.site = tensor.site;
  return out;
}

}  // namespace

std::int32_t channel_axis(const OpRow& row, lathe_role role, const Shape& shape) {
  if (role == LATHE_ROLE_WEIGHT) return weight_axis(row, shape);
  return axis_within(role == LATHE_ROLE_BIAS ? 0 : 1, shape);
}

std::vector<SiteTensor> sites_of(const Node& node, const OpRow& row, std::span<const Result> inputs,
                                 std::string_view role) {
  std::vector<SiteTensor> out;
  if (role == "data_out") {
    if (node.result.is_tensor()) out.push_back(site(row, role, 0, node.result.shape));
    return out;
  }
  std::uint32_t tensor = 0;
  for (const Result& input : inputs) {
    if (!input.is_tensor()) continue;
    if (input_role(row, node, tensor) == role) out.push_back(site(row, role, tensor, input.shape));
    ++tensor;
  }
  for (std::size_t i = 0; out.size() > 1 && i < out.size(); ++i) {
    out[i].name = fmt::format("{}_{}", role, out[i].site.input);
  }
  for (std::uint32_t i = 0; const Parameter* own = parameter_in_role(row, node, role, i); ++i) {
    out.push_back(site(row, role, i, own->shape));
    out.back().name = own->name;
  }
  return out;
}

SiteTensor site_of(const Graph& graph, NodeId id, std::string_view role, std::uint32_t input) {
  const Node& node = graph.node(id);
  std::vector<Result> inputs;
  for (const NodeId read : node.inputs()) inputs.push_back(graph.node(read).result);
  for (SiteTensor& tensor : sites_of(node, row_of(graph.ops(), node), inputs, role)) {
    if (tensor.site.input == input) return std::move(tensor);
  }
  return {};
}

lathe_site abi_site(const Node& node, const OpRow& row, FormatSite at, const Shape& shape) {
  const std::string_view role = role_name(at.role);
  lathe_site out{};
  out.struct_size = sizeof out;
  out.role = at.role;
  out.node = {node.name.data(), node.name.size()};
  if (const Parameter* own = parameter_in_role(row, node, role, at.input))
    out.parameter = {own->name.data(), own->name.size()};
  out.op = {row.op.data(), row.op.size()};
  out.input_index = at.input;
  out.is_unsigned = row.is_unsigned ? 1 : 0;
  out.rank = shape.rank();
  out.shape = out.rank == 0 ? nullptr : shape.dims().data();
  out.channel_axis = channel_axis(row, at.role, shape);
  return out;
}

double storage_bits(const OperandFormat& format, const Node& node, const OpRow& row, FormatSite at,
                    const Shape& shape) {
  if (format.storage == nullptr) return format.saved_bits;
  try {
    return format.storage->bits_per_element(abi_site(node, row, at, shape));
  } catch (const Error& error) {
    throw error.within(role_name(at.role));
  }
}

void check_formats(const Graph& graph, std::span<const NodeId> nodes) {
  // Of fewer, to tell which are alike costs more than it saves.
  constexpr std::size_t kMany = 32;
  std::optional<AlikeNodes> alike;
  if (nodes.size() > kMany) alike.emplace(graph);
  std::vector<OperandView> operands;
  for (const NodeId id : nodes) {
    const Node* node = graph.nodes().find(id);
    if (node == nullptr || node->formats.empty()) continue;
    if (alike && alike->number_of(id)++ > 0) continue;
    try {
      view_operands(graph, id, operands);
    } catch (const Error& error) {
      throw error.within(described(*node));
    }
  }
}

std::vector<Parameter> state_parameters(const Node& node, const OperandFormat& format,
                                        const SiteTensor& tensor) {
  std::vector<Parameter> out;
  for (const StateSpec& spec : format.state) out.push_back(state_parameter(node, spec, tensor));
  return out;
}

std::vector<Parameter> state_parameters(const Node& node, const OpRow& row,
                                        std::span<const Result> inputs) {
  std::vector<Parameter> out;
  for (const OperandFormat& format : node.formats) {
    if (format.state.empty()) continue;
    for (const SiteTensor& tensor : sites_of(node, row, inputs, format.role)) {
      std::ranges::move(state_parameters(node, format, tensor), std::back_inserter(out));
    }
  }
  return out;
}

bool is_state_name(std::string_view qualified_name) {
  const std::size_t dot = qualified_name.rfind('.');
  return dot != std::string_view::npos && qualified_name.substr(0, dot).ends_with(kBehindSite);
}

}  // namespace lathe
