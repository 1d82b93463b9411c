// Quantizers: they become number formats of what reads or makes the numbers.
#include "formats.hpp"
#include "places.hpp"

namespace onnx_reader {

namespace {

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
