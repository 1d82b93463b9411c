// Quantizers: they become number formats of what reads or makes the numbers.
#include "quantizer_places.hpp"

#include <algorithm>
#include <cmath>

namespace onnx_reader {

namespace {

constexpr std::int64_t kMostScales = std::int64_t{1} << 20;

Weight parameter(const Network& net, const Node& node, std::size_t i, const char* what) {
  const Value& value = net.input(node, i);
  if (value.constant == nullptr || value.constant->count() > kMostScales ||
      value.constant->count() < 1) {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       lathe::join({"its ", what, " is no constant of the file"}));
  }
  return {value.constant, nullptr};
}

std::int64_t whole(double x, const char* what) {
  if (!(std::fabs(x) < 9e15) || x != std::floor(x)) {
    throw lathe::error(LATHE_UNIMPLEMENTED, lathe::join({"its ", what, " is no integer"}));
  }
  return static_cast<std::int64_t>(x);
}

// Extents of a quantized value, of its own dimensions where the batch is 1.
std::vector<std::int64_t> dims_of(const Value& x) {
  if (x.constant) return x.constant->dims();
  std::vector<std::int64_t> out;
  for (const Extent e : x.extents) out.push_back(e.of_batch ? -1 : e.number);
  return out;
}

// Which dimension of `x` a parameter's numbers lie along; they broadcast from the right.
std::optional<std::size_t> axis_along(const Constant& parameter, const Value& x) {
  if (parameter.count() == 1) return std::nullopt;
  const std::vector<std::int64_t> dims = dims_of(x);
  std::optional<std::size_t> axis;
  for (std::size_t d = 0; d < parameter.rank(); ++d) {
    if (parameter.dims()[d] == 1) continue;
    const bool fits = parameter.rank() <= dims.size() && !axis &&
                      dims[dims.size() - parameter.rank() + d] == parameter.dims()[d];
    if (!fits) {
      throw lathe::error(LATHE_UNIMPLEMENTED,
                         "its scale has numbers along more than one dimension");
    }
    axis = dims.size() - parameter.rank() + d;
  }
  return axis;
}

void give_steps(Format& format, const Constant& scale, const Constant* zero) {
  format.scale = scale.reals();
  for (const float s : format.scale) {
    if (!(s > 0) || !std::isfinite(s)) {
      throw lathe::invalid_argument("its scale holds what is no positive number");
    }
  }
  format.zero_point = {0};
  if (zero == nullptr) return;
  format.zero_point.clear();
  for (const float z : zero->reals()) {
    format.zero_point.push_back(whole(static_cast<double>(z), "zero point"));
  }
  const bool all_zero = std::all_of(format.zero_point.begin(), format.zero_point.end(),
                                    [](std::int64_t z) { return z == 0; });
  if (all_zero) format.zero_point = {0};
}

std::string rounding_of(const Node& node) {
  std::string mode = node.word("rounding_mode", "ROUND");
  for (char& c : mode) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (mode == "ROUND" || mode == "HALF_EVEN") return "half_even";
  if (mode == "FLOOR") return "floor";
  if (mode == "CEIL") return "ceil";
  if (mode == "ROUND_TO_ZERO" || mode == "DOWN") return "toward_zero";
  throw lathe::error(LATHE_UNIMPLEMENTED, lathe::join({"its 'rounding_mode' is '", mode, "'"}));
}

FormatPtr quant_format(const Network& net, const Node& node) {
  auto format = std::make_shared<Format>();
  const ConstantPtr scale = parameter(net, node, 1, "scale").constant;
  const ConstantPtr zero = parameter(net, node, 2, "zero point").constant;
  const ConstantPtr width = parameter(net, node, 3, "bit width").constant;
  give_steps(*format, *scale, zero.get());
  if (width->count() != 1) throw lathe::error(LATHE_UNIMPLEMENTED, "it has several bit widths");
  const std::int64_t bits = whole(width->number(), "bit width");
  if (bits < 1 || bits > 32) {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       lathe::join({"its bit width is ", lathe::to_string(bits)}));
  }
  format->width = static_cast<int>(bits);
  format->is_signed = node.integer("signed", 1) != 0;
  format->narrow = node.integer("narrow", 0) != 0;
  format->rounding = rounding_of(node);
  const Constant& along = scale->count() == 1 ? *zero : *scale;
  format->axis = axis_along(along, net.input(node, 0));
  return format;
}

FormatPtr bipolar_format(const Network& net, const Node& node) {
  auto format = std::make_shared<Format>();
  format->binary = true;
  give_steps(*format, *parameter(net, node, 1, "scale").constant, nullptr);
  if (format->scale != std::vector<float>{1.0F}) {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       "its scale is not 1: the format binary has the values -1 and 1");
  }
  return format;
}

// Of integers of an element type; null: no quantizer's.
FormatPtr integer_format(int type) {
  using onnx::TensorProto;
  auto format = std::make_shared<Format>();
  switch (type) {
    case TensorProto::INT8:
    case TensorProto::UINT8:
      format->width = 8;
      break;
    case TensorProto::INT16:
    case TensorProto::UINT16:
      format->width = 16;
      break;
    case TensorProto::INT32:
      format->width = 32;
      break;
    default:
      return nullptr;
  }
  format->is_signed = type != TensorProto::UINT8 && type != TensorProto::UINT16;
  return format;
}

// Of a DequantizeLinear or QuantizeLinear that has integers of that type.
FormatPtr linear_format(const Network& net, const Node& node, int type, std::size_t rank) {
  const FormatPtr known = integer_format(type);
  if (known == nullptr) {
    throw lathe::error(LATHE_UNIMPLEMENTED, lathe::join({"its integers are ", type_name(type)}));
  }
  auto format = std::make_shared<Format>(*known);
  const ConstantPtr scale = parameter(net, node, 1, "scale").constant;
  ConstantPtr zero;
  if (node.has_input(2)) zero = parameter(net, node, 2, "zero point").constant;
  if (scale->rank() > 1 || (zero && zero->count() != scale->count())) {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       "its scale is one number, or a vector, and so is its "
                       "zero point");
  }
  give_steps(*format, *scale, zero.get());
  if (scale->count() > 1) format->axis = axis_of(node.integer("axis", 1), rank);
  return format;
}

// QONNX's quantizers give numbers again; ONNX's are pairs, of which the second stands for both.
FormatPtr format_of(const Network& net, const Node& node) {
  if (node.op() == "Quant" || node.op() == "IntQuant") return quant_format(net, node);
  if (node.op() == "BipolarQuant") return bipolar_format(net, node);
  if (node.op() != "DequantizeLinear") return nullptr;
  const Node* quantizer = net.graph().maker_of(node.input(0));
  if (quantizer == nullptr || quantizer->op() != "QuantizeLinear") return nullptr;
  const int type = quantizer->has_input(2)
                       ? parameter(net, *quantizer, 2, "zero point").constant->type()
                       : static_cast<int>(onnx::TensorProto::UINT8);
  return linear_format(net, node, type, net.input(*quantizer, 0).rank());
}

// The numbers of `x` become those of a format: at all that reads what `result` makes, at the node
// that makes them for `reader` alone, or at a node of its own.
void place(Network& net, const Node& result, const Node& reader, Value x) {
  const auto of_node = [&](const Node& node) { return format_of(net, node); };
  const FormatPtr format = of_node(result);
  if (x.format != nullptr && *x.format == *format) return net.set(result, std::move(x));
  if (x.format != nullptr) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "it quantizes what has another format already");
  }
  if (x.constant || readers_take(net.graph(), result, of_node)) {
    x.format = format;
    return net.set(result, std::move(x));
  }
  FormatPtr placed = format;
  if (format->axis && !x.order.empty()) {
    auto moved = std::make_shared<Format>(*format);
    moved->axis = x.order[*format->axis];
    placed = std::move(moved);
  }
  if (!maker_takes(net.graph(), reader) || net.has_output_format(x.node)) {
    std::string target = net.names().without_weights(result, "quantizer");
    if (target.empty()) target = net.names().unscoped("quantizer");
    x.node = net.module("identity", target, x.node, {});
  }
  net.give_output_format(x.node, placed);
  net.set(result, std::move(x));
}

void quantize(Network& net, const Node& node) {
  const Value x = net.input(node, 0);
  if (x.integers) throw lathe::invalid_argument("it quantizes a shape");
  place(net, node, node, x);
}

// What it makes is read by DequantizeLinear alone, which stands for both.
void quantize_linear(Network& net, const Node& node) {
  for (const std::size_t at : net.graph().readers_of(node.output(0))) {
    const Node& reader = net.graph().nodes[at];
    bool same = reader.op() == "DequantizeLinear";
    for (std::size_t i = 1; same && i < 3; ++i) same = reader.input(i) == node.input(i);
    if (!same) {
      throw lathe::error(LATHE_UNIMPLEMENTED,
                         lathe::join({"its integers are read by ", described(reader),
                                      "; a DequantizeLinear with the same scale and zero point was "
                                      "expected"}));
    }
  }
  if (node.output(0) == net.graph().output) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "its integers are the network's output");
  }
}

ConstantPtr dequantized(const ConstantPtr& codes, const FormatPtr& format) {
  return derived(
      onnx::TensorProto::FLOAT, codes->dims(),
      [codes, format] {
        const Contents all = codes->contents();
        const std::vector<std::int64_t>& dims = codes->dims();
        std::size_t inner = 1, along = 1;
        if (format->axis) along = static_cast<std::size_t>(dims[*format->axis]);
        for (std::size_t d = format->axis.value_or(dims.size()) + 1; d < dims.size(); ++d) {
          inner *= static_cast<std::size_t>(dims[d]);
        }
        Contents out;
        for (std::size_t i = 0; i < all.integers.size(); ++i) {
          const std::size_t at = i / inner % along;
          const float scale = format->scale[format->scale.size() == 1 ? 0 : at];
          const std::int64_t zero = format->zero_point[format->zero_point.size() == 1 ? 0 : at];
          out.reals.push_back(static_cast<float>(all.integers[i] - zero) * scale);
        }
        return out;
      },
      {codes}, codes->name());
}

void dequantize_linear(Network& net, const Node& node) {
  const Node* quantizer = net.graph().maker_of(node.input(0));
  if (quantizer != nullptr && quantizer->op() == "QuantizeLinear") {
    return place(net, node, *quantizer, net.input(*quantizer, 0));
  }
  Value x = net.input(node, 0);
  if (x.constant == nullptr) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "it reads integers that no QuantizeLinear makes");
  }
  const FormatPtr format = linear_format(net, node, x.constant->type(), x.rank());
  const bool fits = !format->axis || x.constant->dims()[*format->axis] ==
                                         static_cast<std::int64_t>(format->scale.size());
  if (!fits) throw lathe::invalid_argument("its scale has not a number for each index of its axis");
  x.constant = dequantized(x.constant, format);
  x.type = onnx::TensorProto::FLOAT;
  x.format = format;
  net.set(node, std::move(x));
}

}  // namespace

void add_quantizers(std::vector<Operator>& rows) {
  const std::vector<std::string_view> words = {"signed", "narrow", "rounding_mode"};
  for (const char* op : {"Quant", "IntQuant"}) {
    rows.push_back({Domain::qonnx, op, 4, 4, Takes::nothing, words, quantize});
  }
  const std::vector<std::string_view> linear = {"axis", "saturate"};
  rows.push_back({Domain::onnx, "QuantizeLinear", 2, 3, Takes::nothing, linear, quantize_linear});
  rows.push_back(
      {Domain::onnx, "DequantizeLinear", 2, 3, Takes::nothing, linear, dequantize_linear});
  rows.push_back({Domain::qonnx, "BipolarQuant", 2, 2, Takes::nothing, {}, quantize});
}

}  // namespace onnx_reader
