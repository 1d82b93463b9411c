#include "layer.hpp"

namespace onnx_reader {

std::string identity_of(const Network& net, const Node& node) {
  std::string out(node.row().name);
  for (std::size_t i = 1; i < node.inputs(); ++i) {
    if (!node.has_input(i)) continue;
    const Value& value = net.input(node, i);
    if (value.constant == nullptr || value.constant->name().empty()) return {};
    out += lathe::join({"\n", value.constant->name()});
  }
  for (const char* a : {"strides", "dilations", "pads", "output_padding"}) {
    out += text(node.integers(a));
  }
  return out + node.word("auto_pad", "") + lathe::to_string(node.integer("group", 1));
}

void give_weight(Network& net, const Layer& layer, std::string_view role, const Weight& weight) {
  net.give(layer.node, role, weight.constant);
  net.give_format(layer.node, layer.op, role, weight.format);
}

void set_layer(Network& net, const Node& node, const Layer& layer, const Value& x, Extents extents,
               std::vector<std::size_t> order) {
  net.give_format(layer.node, layer.op, "data_in", x.format);
  Value out;
  out.node = layer.node;
  out.extents = std::move(extents);
  out.order = std::move(order);
  out.type = x.type;
  net.set(node, std::move(out));
}

Weight as_vector(Weight bias, std::int64_t channels) {
  if (bias.constant->count() != channels) {
    throw lathe::invalid_argument(
        lathe::join({"its bias has ", lathe::to_string(bias.constant->count()), " numbers for ",
                     lathe::to_string(channels), " channels"}));
  }
  if (bias.format && bias.format->axis) {
    auto format = std::make_shared<Format>(*bias.format);
    format->axis = 0;
    bias.format = std::move(format);
  }
  bias.constant = with_dims(bias.constant, {channels});
  return bias;
}

Bias following_bias(Network& net, const Node& node, std::int64_t channels, std::size_t from_end) {
  Network::Merged merged;
  const Node* addition = net.bias_of(node, channels, from_end, merged);
  if (addition == nullptr) return {&node, std::nullopt};
  return {addition, as_vector(net.weight_input(*addition, merged.bias), channels)};
}

}  // namespace onnx_reader
