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
  throw lathe::error(LATHE_UNIMPLEMENTED,
                     lathe::join({"its 'rounding_mode' is '", mode, "'"}));
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

using FormatOf = FormatPtr (*)(const Network&, const Node&);

FormatOf format_of(const Node& node) {
  return node.op() == "BipolarQuant" ? bipolar_format : quant_format;
}

// At the weight that reads it, at all readers, at the node that makes the numbers, or at a node of
// its own.
void quantize(Network& net, const Node& node) {
  Value out = net.input(node, 0);
  if (out.integers) throw lathe::invalid_argument("it quantizes a shape");
  const FormatPtr format = format_of(node)(net, node);
  if (out.format != nullptr) {
    if (*out.format == *format) return net.set(node, std::move(out));
    throw lathe::error(LATHE_UNIMPLEMENTED, "it quantizes what has another format already");
  }
  if (out.constant) {
    out.format = format;
    return net.set(node, std::move(out));
  }
  const auto of_node = [&](const Node& other) -> FormatPtr {
    if (other.number() == node.number()) return format;
    const bool quantizer = other.op() == "Quant" || other.op() == "IntQuant" ||
                           other.op() == "BipolarQuant";
    return quantizer ? format_of(other)(net, other) : nullptr;
  };
  if (readers_take(net.graph(), node, of_node)) {
    out.format = format;
  } else {
    FormatPtr placed = format;
    if (format->axis && !out.order.empty()) {
      auto moved = std::make_shared<Format>(*format);
      moved->axis = out.order[*format->axis];
      placed = moved;
    }
    const bool makes = maker_takes(net.graph(), node) && !net.has_output_format(out.node);
    if (!makes) {
      out.node = net.module("identity", net.names().without_weights(node, "quant"), out.node, {});
    }
    net.give_output_format(out.node, placed);
  }
  net.set(node, std::move(out));
}

}  // namespace

void add_quantizers(std::vector<Operator>& rows) {
  const std::vector<std::string_view> words = {"signed", "narrow", "rounding_mode"};
  for (const char* op : {"Quant", "IntQuant"}) {
    rows.push_back({Domain::qonnx, op, 4, 4, Takes::nothing, words, quantize});
  }
  rows.push_back({Domain::qonnx, "BipolarQuant", 2, 2, Takes::nothing, {}, quantize});
}

}  // namespace onnx_reader
