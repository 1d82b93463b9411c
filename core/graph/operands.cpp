#include "core/graph/operands.hpp"

#include "core/graph/ops/op_table.hpp"

#include <fmt/format.h>

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

void put_on(Operand& operand, const OperandFormat* format) {
  if (format == nullptr) return;
  operand.type = format->format;
  operand.bits = format->bits;
  operand.precision = format->precision;
}

}  // namespace

std::string input_name(const Node& node, std::size_t tensor) {
  const std::string_view role = input_role(node, tensor);
  if (role == "bias") return "bias";
  if (role == "weight" && node.op != "matmul" && node.op != "bmm") return "weight";
  return fmt::format("data_in_{}", tensor);
}

std::vector<Operand> operands_of(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  std::vector<Operand> out;
  std::size_t tensor = 0;
  for (NodeId input : node.inputs()) {
    const Result& result = graph.node(input).result;
    if (!result.is_tensor()) continue;
    out.push_back(plain(LATHE_OPERAND_INPUT, input_name(node, tensor), result.dtype, result.shape));
    put_on(out.back(), node.format(input_role(node, tensor)));
    ++tensor;
  }
  for (bool buffers : {false, true}) {
    for (const Parameter& p : node.parameters) {
      if (p.is_buffer != buffers) continue;
      out.push_back(plain(buffers ? LATHE_OPERAND_BUFFER : LATHE_OPERAND_PARAMETER, p.name, p.dtype,
                          p.shape));
      if (!buffers) put_on(out.back(), node.format(p.name));
    }
  }
  if (node.result.is_tensor()) {
    out.push_back(plain(LATHE_OPERAND_OUTPUT, "data_out_0", node.result.dtype, node.result.shape));
    put_on(out.back(), node.format("data_out"));
  }
  return out;
}

}  // namespace lathe
