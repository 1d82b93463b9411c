#include "core/graph/io/abi_operand.hpp"

#include <array>

namespace lathe {

namespace {

// The precision of an operand without a format: a list of its bits.
const lathe_value* plain_precision(double bits) {
  static const auto values = [] {
    std::array<lathe_value, 65> out{};
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i].kind = LATHE_VALUE_INT;
      out[i].as.integer = static_cast<std::int64_t>(i);
    }
    return out;
  }();
  return &values.at(static_cast<std::size_t>(bits));
}

}  // namespace

lathe_operand to_abi(const OperandView& operand, std::pmr::memory_resource& memory) {
  lathe_operand out{};
  out.kind = operand.kind;
  out.dtype = static_cast<lathe_dtype>(operand.dtype);
  out.role = operand.role;
  out.name = str_of(operand.name);
  out.type = str_of(operand.type);
  out.bits = operand.bits;
  if (operand.precision == nullptr) {
    out.precision = plain_precision(operand.bits);
    out.precision_count = 1;
  } else if (operand.precision->is_list()) {
    const lathe_value precision = to_abi(*operand.precision, memory);
    out.precision = precision.as.list;
    out.precision_count = precision.size;
  }
  out.shape = operand.shape->dims().data();
  out.rank = operand.shape->rank();
  out.numel = operand.shape->numel();
  if (operand.format != nullptr) {
    out.format_options = to_abi_pointer(operand.format->options, memory);
  }
  out.parameter = LATHE_NONE_ID;
  return out;
}

lathe_operand to_abi(const Operand& operand, std::pmr::memory_resource& memory) {
  lathe_operand out =
      to_abi(OperandView{operand.kind, operand.name, operand.type, operand.bits, &operand.precision,
                         operand.dtype, &operand.shape, operand.role},
             memory);
  if (!operand.format_options.is_none()) {
    out.format_options = to_abi_pointer(operand.format_options, memory);
  }
  return out;
}

}  // namespace lathe
