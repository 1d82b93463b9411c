#include "core/run/codes/parameter_codes.hpp"

#include "core/graph/inference.hpp"
#include "core/run/quantizer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe::run {

namespace {

// A weight or bias of a node, its own or a tensor of the model that it reads.
struct Owned {
  const Parameter* parameter;
  std::string_view role;
  std::uint32_t input;
};

bool is_weight(std::string_view role) { return role == "weight" || role == "bias"; }

std::vector<Owned> weights_of(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const OpRow& row = row_of(graph.ops(), node);
  std::vector<Owned> out;
  for (const Parameter& parameter : node.parameters) {
    const std::string_view role = parameter_role(row, parameter.name);
    if (is_weight(role)) out.push_back({&parameter, role, number_in_role(row, node, parameter)});
  }
  if (!node.is_function()) return out;
  std::uint32_t tensor = 0;
  node.for_each_input([&](NodeId read) {
    const Node& input = graph.node(read);
    if (!input.result.is_tensor()) return;
    const std::string_view role = input_role(row, node, tensor);
    if (input.opcode == Opcode::get_attr && is_weight(role)) {
      out.push_back({&input.parameters[0], role, tensor});
    }
    ++tensor;
  });
  return out;
}

ParameterCodes made_of(const Parameter& parameter, const Quantizer& quantizer,
                       const OperandFormat& format, std::uint64_t seed) {
  ParameterCodes out{parameter.qualified_name, format, {}, {}, {}};
  const std::span<const float> x = parameter.content->tensor().values<float>();
  const std::vector<std::int64_t>& shape = parameter.shape.dims();
  if (quantizer.has_codes()) {
    try {
      out.codes = quantizer.codes(x.data(), shape, {seed, 0});
      return out;
    } catch (const Error& error) {
      if (error.code() != LATHE_UNIMPLEMENTED) throw;
      out.why_none = error.message();
    }
  } else {
    out.why_none = fmt::format("format '{}' has no integer codes", format.format);
  }
  out.values = Tensor::make(DType::float32, parameter.shape, [&](std::span<std::byte> bytes) {
    quantizer.quantize(x.data(), reinterpret_cast<float*>(bytes.data()), shape, false, {seed, 0});
  });
  return out;
}

bool same(const ParameterCodes& a, const ParameterCodes& b) {
  if (a.codes && b.codes) return *a.codes == *b.codes;
  return !a.codes && !b.codes && std::ranges::equal(a.values.bytes(), b.values.bytes());
}

}  // namespace

std::vector<ParameterCodes> parameter_codes(const Registry& registry, const Graph& graph) {
  std::vector<ParameterCodes> out;
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (node.formats.empty()) continue;
    for (const Owned& owned : weights_of(graph, id)) {
      const OperandFormat* format = node.format(owned.role);
      const Parameter& parameter = *owned.parameter;
      if (format == nullptr || parameter.dtype != DType::float32) continue;
      try {
        ParameterCodes made = made_of(
            parameter, Quantizer(registry, graph, id, *format, owned.input), *format, graph.seed());
        const auto known = std::ranges::find(out, made.name, &ParameterCodes::name);
        if (known == out.end()) {
          out.push_back(std::move(made));
        } else if (!same(*known, made)) {
          throw usage_error("several nodes use it, and the state of their number formats differs");
        }
      } catch (const Error& error) {
        throw error.within(fmt::format("'{}' ({})", parameter.qualified_name, described(node)));
      }
    }
  }
  return out;
}

}  // namespace lathe::run
