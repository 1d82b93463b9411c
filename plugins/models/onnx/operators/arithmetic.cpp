// Operators that combine numbers: in the network, in the file, and of shapes.
#include "shapes.hpp"
#include "written_out.hpp"

#include <algorithm>
#include <cmath>

namespace onnx_reader {

namespace {

// Extents of a shape, one of which may be the batch.
Extent computed(std::string_view op, Extent a, Extent b) {
  std::int64_t out = 0;
  const bool both = a.of_batch && b.of_batch;
  if (op == "Mul" && !both && !__builtin_mul_overflow(a.number, b.number, &out)) {
    return {out, a.of_batch || b.of_batch};
  }
  if (op == "Mod" && b.number > 0 && !a.of_batch && !b.of_batch && a.number >= 0) {
    return {a.number % b.number, false};
  }
  if (op == "Div" && b.number > 0 && (!b.of_batch || both) &&
      (!a.of_batch || a.number % b.number == 0)) {
    return {a.number / b.number, a.of_batch && !b.of_batch};
  }
  const bool alike = a.of_batch == b.of_batch;
  if (op == "Add" && alike && !__builtin_add_overflow(a.number, b.number, &out)) {
    return {out, a.of_batch};
  }
  if (op == "Sub" && alike && !__builtin_sub_overflow(a.number, b.number, &out)) {
    return {out, a.of_batch && out != 0};
  }
  throw lathe::error(LATHE_UNIMPLEMENTED, "it computes a shape that does not follow the batch");
}

Value combined_shapes(std::string_view op, const Value& a, const Value& b) {
  const Extents x = integers_of(a), y = integers_of(b);
  if (x.size() != y.size() && x.size() != 1 && y.size() != 1) {
    throw lathe::invalid_argument("it combines shapes of other lengths");
  }
  Extents out;
  for (std::size_t i = 0; i < std::max(x.size(), y.size()); ++i) {
    out.push_back(computed(op, x[x.size() == 1 ? 0 : i], y[y.size() == 1 ? 0 : i]));
  }
  return integers_value(std::move(out), a.rank() == 0 && b.rank() == 0);
}

// A number that stands in the arguments: one element, that adds no dimensions.
bool is_number(const Value& value, const Value& beside) {
  return value.constant && value.constant->count() == 1 && value.rank() <= beside.rank() &&
         value.constant->name().find('.') == std::string::npos;
}

// Old files say where the second operand stands: only at the end is it as NumPy has it.
void check_broadcast(const Node& node, const Value& a, const Value& b) {
  if (!node.has("axis")) return;
  const std::int64_t at = node.integer("axis", 0);
  if (at + static_cast<std::int64_t>(b.rank()) != static_cast<std::int64_t>(a.rank())) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "its second operand does not stand at the end");
  }
}

const char* function_of(std::string_view op) {
  if (op == "Add") return "add";
  if (op == "Sub") return "sub";
  if (op == "Mul") return "mul";
  if (op == "Div") return "div";
  if (op == "Max") return "maximum";
  return "pow";
}

struct Operand {
  lathe::value argument;
  FormatPtr format;
  bool takes_format;  // a number has none
};
Operand operand(Network& net, const Value& value, const Value& beside, bool keeps_order) {
  if (is_number(value, beside)) return {lathe::value(value.constant->number()), nullptr, false};
  if (!value.is_tensor()) return {net.node_of(value), nullptr, true};
  return {keeps_order ? value.node : net.plain(value), value.format, true};
}

void in_network(Network& net, const Node& node, std::string_view op, const Value& a,
                const Value& b) {
  // Dimensions stay as they lie where both operands' do, or one is a number.
  const bool numbered = is_number(a, b) || is_number(b, a);
  const bool keeps =
      numbered || (a.is_tensor() && b.is_tensor() && a.order == b.order && a.rank() == b.rank());
  const Operand x = operand(net, a, b, keeps), y = operand(net, b, a, keeps);
  Value out;
  out.extents = broadcast(extents_of(a), extents_of(b));
  if (keeps) out.order = a.is_tensor() ? a.order : b.order;
  out.type = a.type;
  const char* name = function_of(op);
  out.node = net.function(name, {x.argument, y.argument}, Names::of_function(node));
  net.give_format(out.node, name, "data_in", x.format ? x.format : y.format);
  net.set(node, std::move(out));
}

void arithmetic(Network& net, const Node& node) {
  const std::string_view op = node.row().name;
  const Value a = net.input(node, 0), b = net.input(node, 1);
  check_broadcast(node, a, b);
  if (op == "Div" && a.is_tensor() && is_gelu(net, node)) return;
  if (op == "Mod") {
    if (is_shape_like(a) && is_shape_like(b)) return net.set(node, combined_shapes(op, a, b));
    throw lathe::error(LATHE_UNIMPLEMENTED, "it takes remainders of more than shapes");
  }
  if (!a.is_tensor() && !b.is_tensor()) {
    if (a.integers || b.integers) return net.set(node, combined_shapes(op, a, b));
    Value out;
    out.constant = combined(op, plain_constant(a), plain_constant(b));
    out.type = out.constant->type();
    return net.set(node, std::move(out));
  }
  in_network(net, node, op, a, b);
}

void of_one(Network& net, const Node& node, const char* op, float (*fold)(float)) {
  const Value& x = net.input(node, 0);
  if (!x.constant) return net.function_of_one(node, op);
  Value out = x;
  out.constant = mapped(plain_constant(x), fold);
  out.format = nullptr;
  net.set(node, std::move(out));
}

void sqrt(Network& net, const Node& node) {
  of_one(net, node, "sqrt", [](float x) { return std::sqrt(x); });
}
void exp(Network& net, const Node& node) {
  of_one(net, node, "exp", [](float x) { return std::exp(x); });
}
void erf(Network& net, const Node& node) {
  of_one(net, node, "erf", [](float x) { return std::erf(x); });
}
void log(Network& net, const Node& node) {
  of_one(net, node, "log", [](float x) { return std::log(x); });
}
void abs(Network& net, const Node& node) {
  of_one(net, node, "abs", [](float x) { return std::fabs(x); });
}
void neg(Network& net, const Node& node) {
  of_one(net, node, "neg", [](float x) { return -x; });
}

// The larger, or smaller, of a tensor and a number; the larger of tensors.
void extreme(Network& net, const Node& node) {
  const bool largest = node.row().name == "Max";
  const Value a = net.input(node, 0);
  if (node.inputs() == 1) return net.set(node, a);
  const Value b = net.input(node, 1);
  const bool both = a.is_tensor() && b.is_tensor();
  if (node.inputs() > 2 || (!both && !is_number(a, b) && !is_number(b, a)) || (both && !largest)) {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       "it takes the larger of two tensors, or the larger or smaller of a tensor "
                       "and a number; nothing else of its kind is known");
  }
  if (both) return in_network(net, node, "Max", a, b);
  const Value& x = a.is_tensor() ? a : b;
  Value out = x;
  const double bound = (a.is_tensor() ? b : a).constant->number();
  out.node =
      net.function("clamp", {x.node}, Names::of_function(node), {{largest ? "min" : "max", bound}});
  out.format = nullptr;
  net.set(node, std::move(out));
}

}  // namespace

void add_arithmetic(std::vector<Operator>& rows) {
  const Domain onnx = Domain::onnx;
  for (const char* op : {"Add", "Sub", "Mul", "Div"}) {
    rows.push_back({onnx, op, 2, 2, Takes::all, {"axis", "broadcast"}, arithmetic});
  }
  rows.push_back({onnx, "Pow", 2, 2, Takes::nothing, {"axis", "broadcast"}, arithmetic});
  rows.push_back({onnx, "Mod", 2, 2, Takes::nothing, {"fmod"}, arithmetic});
  rows.push_back({onnx, "Sqrt", 1, 1, Takes::nothing, {}, sqrt});
  rows.push_back({onnx, "Exp", 1, 1, Takes::nothing, {}, exp});
  rows.push_back({onnx, "Erf", 1, 1, Takes::nothing, {}, erf});
  rows.push_back({onnx, "Log", 1, 1, Takes::nothing, {}, log});
  rows.push_back({onnx, "Abs", 1, 1, Takes::nothing, {}, abs});
  rows.push_back({onnx, "Neg", 1, 1, Takes::nothing, {}, neg});
  for (const char* op : {"Max", "Min"}) {
    rows.push_back({onnx, op, 1, kAnyNumber, Takes::nothing, {}, extreme});
  }
}

}  // namespace onnx_reader
