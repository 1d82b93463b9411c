// Rows of what takes two numbers: add, sub, mul, div, pow, maximum of tensors, and floordiv of
// sizes. MASE's estimator knows add; the others count one computation per element in the same way.

#include "core/graph/ops/rules.hpp"

#include <algorithm>

namespace lathe::rules {

namespace {

std::int64_t combined(std::string_view op, std::int64_t a, std::int64_t b) {
  return op == "add" ? a + b : op == "sub" ? a - b : a * b;
}

// Two tensors, a tensor and a number, or two integers (sizes).
Result arithmetic_result(const OpInputs& in) {
  const std::vector<Resolved> args = resolved_args(in);
  bool has_other = args.size() >= 2;
  for (const auto& [key, argument] : in.node->kwargs)
    has_other |= key == "other" || key == "exponent";
  if (in.tensors.empty() || args.empty() || !has_other) {
    refuse(fmt::format("expected two operands, found {}", args.size()));
  }
  const Result& first = in.tensors[0];
  const bool whole_numbers = in.node->op == "add" || in.node->op == "sub" || in.node->op == "mul";
  if (!whole_numbers && !first.is_tensor() &&
      (in.tensors.size() == 1 || !in.tensors[1].is_tensor()))
    refuse("sizes can be added, subtracted and multiplied, and no more");
  if (in.tensors.size() == 1 && first.is_tensor()) return {first.dtype, first.shape, {}};
  if (first.is_tensor() && !in.tensors[1].is_tensor()) return {first.dtype, first.shape, {}};
  if (!first.is_tensor() && in.tensors.size() == 2 && in.tensors[1].is_tensor()) {
    return {in.tensors[1].dtype, in.tensors[1].shape, {}};
  }
  if (!first.is_tensor()) {
    if (args.size() < 2) refuse("two sizes are combined by position: mul(%size, 2)");
    return {DType::none,
            {},
            Value(combined(in.node->op, resolved_integer(args[0]), resolved_integer(args[1])))};
  }
  const Result& second = tensor(in, 1);
  if (first.dtype != second.dtype) {
    refuse(fmt::format("operands have the types {} and {}; they must agree", name(first.dtype),
                       name(second.dtype)));
  }
  return {first.dtype, broadcast(first.shape, second.shape), {}};
}

OpRow arithmetic(std::string op) {
  OpRow row;
  row.op = std::move(op);
  row.mase_type = "builtin_func";
  row.operands = {"data_in_0", "data_in_1"};
  row.quantizable = {"data_in"};
  row.bits = row.op == "mul" || row.op == "div" ? LATHE_BITS_MULTIPLYING : LATHE_BITS_WIDEST;
  row.channels = LATHE_CHANNELS_BROADCAST;
  // The counters that know sums and products know no other arithmetic.
  row.counting =
      row.op == "add" || row.op == "mul" ? LATHE_COUNT_ARITHMETIC : LATHE_COUNT_SUBTRACTION;
  row.rows_apart = equal_shapes;
  row.function = row.op == "div" ? "operator.truediv" : "operator." + row.op;
  row.signature = {"input", "other"};
  if (row.op == "add" || row.op == "sub") {
    row.settings = {number("alpha", 1.0)};
    row.signature.push_back("alpha");
  }
  row.shape = arithmetic_result;
  row.cost = [](const OpInputs& in, const Result& out) {
    const double n = elements(out);
    return Cost{n, n, 0, elements(in.tensors[0]), n};
  };
  return row;
}

OpRow power() {
  OpRow row = arithmetic("pow");
  row.signature = {"input", "exponent"};
  row.quantizable.clear();
  row.bits = LATHE_BITS_PASSING;
  return row;
}

OpRow maximum() {
  OpRow row = arithmetic("maximum");
  row.function = "torch.maximum";
  row.shape = [](const OpInputs& in) {
    tensor(in, 0), tensor(in, 1);
    return arithmetic_result(in);
  };
  return row;
}

// Python's: towards minus infinity.
std::int64_t floor_divided(std::int64_t a, std::int64_t b) {
  if (b == 0) refuse("a size is divided by 0");
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

// Of sizes alone: an integer.
OpRow floordiv() {
  OpRow row = layout_row("floordiv");
  row.mase_type = "builtin_func";
  row.function = "operator.floordiv";
  row.signature = {"input", "other"};
  row.channels = LATHE_CHANNELS_CONSTANT;
  row.rows_apart = always_apart;
  row.shape = [](const OpInputs& in) {
    const std::vector<Resolved> args = resolved_args(in);
    if (args.size() != 2)
      refuse(fmt::format("two sizes are divided by position, found {} arguments", args.size()));
    for (const Result& input : in.tensors)
      if (input.is_tensor()) refuse("it divides sizes, and no tensors");
    return Result{DType::none,
                  {},
                  Value(floor_divided(resolved_integer(args[0]), resolved_integer(args[1])))};
  };
  return row;
}

}  // namespace

void add_arithmetic_rows(std::vector<OpRow>& rows) {
  for (const char* op : {"add", "sub", "mul", "div"}) rows.push_back(arithmetic(op));
  rows.push_back(power());
  rows.push_back(maximum());
  rows.push_back(floordiv());
}

}  // namespace lathe::rules
