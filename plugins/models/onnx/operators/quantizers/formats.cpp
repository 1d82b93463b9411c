#include "formats.hpp"

#include <algorithm>
#include <cmath>

namespace onnx_reader {

namespace {

constexpr std::int64_t kMostScales = std::int64_t{1} << 20;

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

}  // namespace

ConstantPtr quantizer_parameter(const Network& net, const Node& node, std::size_t i,
                                const char* what) {
  const Value& value = net.input(node, i);
  if (value.constant == nullptr || value.constant->count() > kMostScales ||
      value.constant->count() < 1) {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       lathe::join({"its ", what, " is no constant of the file"}));
  }
  return value.constant;
}

int width_of(const Network& net, const Node& node, std::size_t i) {
  const ConstantPtr width = quantizer_parameter(net, node, i, "bit width");
  if (width->count() != 1) throw lathe::error(LATHE_UNIMPLEMENTED, "it has several bit widths");
  const std::int64_t bits = whole(width->number(), "bit width");
  if (bits < 1 || bits > 32) {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       lathe::join({"its bit width is ", lathe::to_string(bits)}));
  }
  return static_cast<int>(bits);
}

std::string rounding_of(const Node& node, const char* otherwise) {
  std::string mode = node.word("rounding_mode", otherwise);
  for (char& c : mode) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (mode == "ROUND" || mode == "HALF_EVEN") return "half_even";
  if (mode == "FLOOR") return "floor";
  if (mode == "CEIL") return "ceil";
  if (mode == "ROUND_TO_ZERO" || mode == "DOWN") return "toward_zero";
  throw lathe::error(LATHE_UNIMPLEMENTED, lathe::join({"its 'rounding_mode' is '", mode, "'"}));
}

namespace {

FormatPtr quant_format(const Network& net, const Node& node) {
  auto format = std::make_shared<Format>();
  const ConstantPtr scale = quantizer_parameter(net, node, 1, "scale");
  const ConstantPtr zero = quantizer_parameter(net, node, 2, "zero point");
  give_steps(*format, *scale, zero.get());
  format->width = width_of(net, node, 3);
  format->is_signed = node.integer("signed", 1) != 0;
  format->narrow = node.integer("narrow", 0) != 0;
  format->rounding = rounding_of(node, "ROUND");
  const Constant& along = scale->count() == 1 ? *zero : *scale;
  format->axis = axis_along(along, net.input(node, 0));
  return format;
}

FormatPtr bipolar_format(const Network& net, const Node& node) {
  auto format = std::make_shared<Format>();
  format->binary = true;
  give_steps(*format, *quantizer_parameter(net, node, 1, "scale"), nullptr);
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

}  // namespace

FormatPtr linear_format(const Network& net, const Node& node, int type, std::size_t rank) {
  const FormatPtr known = integer_format(type);
  if (known == nullptr) {
    throw lathe::error(LATHE_UNIMPLEMENTED, lathe::join({"its integers are ", type_name(type)}));
  }
  auto format = std::make_shared<Format>(*known);
  const ConstantPtr scale = quantizer_parameter(net, node, 1, "scale");
  ConstantPtr zero;
  if (node.has_input(2)) zero = quantizer_parameter(net, node, 2, "zero point");
  if (scale->rank() > 1 || (zero && zero->count() != scale->count())) {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       "its scale is one number, or a vector, and so is its "
                       "zero point");
  }
  give_steps(*format, *scale, zero.get());
  if (scale->count() > 1) format->axis = axis_of(node.integer("axis", 1), rank);
  return format;
}

FormatPtr format_of(const Network& net, const Node& node) {
  if (node.op() == "Quant" || node.op() == "IntQuant") return quant_format(net, node);
  if (node.op() == "BipolarQuant") return bipolar_format(net, node);
  if (node.op() != "DequantizeLinear") return nullptr;
  const Node* quantizer = net.graph().maker_of(node.input(0));
  if (quantizer == nullptr || quantizer->op() != "QuantizeLinear") return nullptr;
  const int type = quantizer->has_input(2)
                       ? quantizer_parameter(net, *quantizer, 2, "zero point")->type()
                       : static_cast<int>(onnx::TensorProto::UINT8);
  return linear_format(net, node, type, net.input(*quantizer, 0).rank());
}

}  // namespace onnx_reader
