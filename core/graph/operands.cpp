#include "core/graph/operands.hpp"

#include "core/graph/formats/sites.hpp"
#include "core/graph/inference.hpp"

#include <bit>

namespace lathe {

namespace {

// MASE says "float", [32] whatever the dtype, which is a defect (docs/mase.md, Metadata).
OperandView plain(std::int32_t kind, std::string_view operand, DType dtype, const Shape& shape) {
  const bool is_float = dtype == DType::float32 || dtype == DType::float64 ||
                        dtype == DType::float16 || dtype == DType::bfloat16;
  return {kind,
          operand,
          is_float                  ? "float"
          : dtype == DType::boolean ? "bool"
                                    : "int",
          static_cast<double>(8 * element_size(dtype)),
          nullptr,
          dtype,
          &shape};
}

void play(OperandView& operand, const Node& node, const OpRow& row, std::string_view role,
          std::uint32_t input = 0) {
  operand.role = role_named(role);
  const OperandFormat* format = node.formats.empty() ? nullptr : node.format(role);
  if (format == nullptr) return;
  operand.type = format->format;
  operand.bits = storage_bits(*format, node, row, {operand.role, input}, *operand.shape);
  operand.precision = &format->precision;
  operand.format = format;
}

}  // namespace

lathe_role role_named(std::string_view role) {
  if (role == "data_in") return LATHE_ROLE_DATA_IN;
  if (role == "weight") return LATHE_ROLE_WEIGHT;
  if (role == "bias") return LATHE_ROLE_BIAS;
  return role == "data_out" ? LATHE_ROLE_DATA_OUT : LATHE_ROLE_NONE;
}

std::string_view role_name(lathe_role role) {
  switch (role) {
    case LATHE_ROLE_DATA_IN:
      return "data_in";
    case LATHE_ROLE_WEIGHT:
      return "weight";
    case LATHE_ROLE_BIAS:
      return "bias";
    case LATHE_ROLE_DATA_OUT:
      return "data_out";
    default:
      return "";
  }
}

std::uint64_t storage_id(const Parameter& parameter) {
  return std::bit_cast<std::uintptr_t>(parameter.content.get());
}

void view_operands(const Graph& graph, NodeId id, std::vector<OperandView>& rows) {
  const Node& node = graph.node(id);
  const OpRow& row = row_of(graph.ops(), node);
  rows.clear();
  std::size_t tensor = 0;
  for (const std::uint32_t input : graph.edges()->inputs_of(id)) {
    const Result& result = graph.node(NodeId{input}).result;
    if (!result.is_tensor()) continue;
    rows.push_back(
        plain(LATHE_OPERAND_INPUT, input_name(row, node, tensor), result.dtype, result.shape));
    play(rows.back(), node, row, input_role(row, node, tensor), static_cast<std::uint32_t>(tensor));
    ++tensor;
  }
  for (bool buffers : {false, true}) {
    for (const Parameter& p : node.parameters) {
      if (p.is_buffer != buffers || p.is_state()) continue;
      rows.push_back(plain(buffers ? LATHE_OPERAND_BUFFER : LATHE_OPERAND_PARAMETER, p.name,
                           p.dtype, p.shape));
      rows.back().parameter = &p;
      if (!buffers)
        play(rows.back(), node, row, parameter_role(row, p.name), number_in_role(row, node, p));
    }
  }
  if (node.result.is_tensor()) {
    rows.push_back(plain(LATHE_OPERAND_OUTPUT, "data_out_0", node.result.dtype, node.result.shape));
    play(rows.back(), node, row, "data_out");
  }
  for (const Parameter& p : node.parameters) {
    if (!p.is_state()) continue;
    rows.push_back(plain(LATHE_OPERAND_STATE, p.name, p.dtype, p.shape));
    rows.back().parameter = &p;
  }
}

std::vector<Operand> operands_of(const Graph& graph, NodeId id) {
  std::vector<OperandView> rows;
  view_operands(graph, id, rows);
  std::vector<Operand> out;
  for (const OperandView& row : rows) {
    const auto bits = static_cast<std::int64_t>(row.bits);
    out.push_back({row.kind, std::string(row.name), std::string(row.type), row.bits,
                   row.precision != nullptr ? *row.precision : Value(Value::List{Value(bits)}),
                   row.dtype, *row.shape, row.role,
                   row.format != nullptr ? row.format->options : Value()});
  }
  return out;
}

}  // namespace lathe
