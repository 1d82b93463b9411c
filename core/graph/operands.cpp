#include "core/graph/operands.hpp"

#include "core/graph/inference.hpp"

namespace lathe {

namespace {

// MASE says "float", [32] whatever the dtype, which is a defect (mase-behaviour.md a.4).
Operand plain(std::int32_t kind, std::string operand, DType dtype, const Shape& shape) {
  const bool is_float = dtype == DType::float32 || dtype == DType::float64 ||
                        dtype == DType::float16 || dtype == DType::bfloat16;
  const auto bits = static_cast<std::int64_t>(8 * element_size(dtype));
  return {kind,
          std::move(operand),
          is_float                  ? "float"
          : dtype == DType::boolean ? "bool"
                                    : "int",
          static_cast<double>(bits),
          Value(Value::List{Value(bits)}),
          dtype,
          shape};
}

void play(Operand& operand, const Node& node, std::string_view role) {
  operand.role = role_named(role);
  const OperandFormat* format = node.format(role);
  if (format == nullptr) return;
  operand.type = format->format;
  operand.bits = format->bits;
  operand.precision = format->precision;
}

}  // namespace

lathe_operand_role role_named(std::string_view role) {
  if (role == "data_in") return LATHE_ROLE_DATA_IN;
  if (role == "weight") return LATHE_ROLE_WEIGHT;
  if (role == "bias") return LATHE_ROLE_BIAS;
  return role == "data_out" ? LATHE_ROLE_DATA_OUT : LATHE_ROLE_NONE;
}

std::vector<Operand> operands_of(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const OpRow& row = row_of(graph.ops(), node);
  std::vector<Operand> out;
  std::size_t tensor = 0;
  for (NodeId input : node.inputs()) {
    const Result& result = graph.node(input).result;
    if (!result.is_tensor()) continue;
    out.push_back(
        plain(LATHE_OPERAND_INPUT, input_name(row, node, tensor), result.dtype, result.shape));
    play(out.back(), node, input_role(row, node, tensor));
    ++tensor;
  }
  for (bool buffers : {false, true}) {
    for (const Parameter& p : node.parameters) {
      if (p.is_buffer != buffers) continue;
      out.push_back(plain(buffers ? LATHE_OPERAND_BUFFER : LATHE_OPERAND_PARAMETER, p.name, p.dtype,
                          p.shape));
      if (!buffers) play(out.back(), node, p.name);
    }
  }
  if (node.result.is_tensor()) {
    out.push_back(plain(LATHE_OPERAND_OUTPUT, "data_out_0", node.result.dtype, node.result.shape));
    play(out.back(), node, "data_out");
  }
  return out;
}

}  // namespace lathe
