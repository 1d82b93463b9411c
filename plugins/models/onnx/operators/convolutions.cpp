// Convolutions, also of channels that lie last, and transposed ones.
#include "layer.hpp"
#include "window.hpp"

#include <algorithm>

namespace onnx_reader {

namespace {

std::string convolution_op(std::string_view kind, std::size_t dims) {
  if (dims == 1) return lathe::join({kind, "1d"});
  if (dims == 2) return lathe::join({kind, "2d"});
  throw lathe::error(LATHE_UNIMPLEMENTED,
                     "convolutions over one or two dimensions are known, no others");
}

// x as channels first: of [batch, ..., channels] the order that makes it so.
Value channels_first(const Value& x) {
  const std::size_t rank = x.rank();
  if (rank < 3) throw lathe::invalid_argument("it reads no image");
  Value out = x;
  const auto order_at = [&](std::size_t d) { return x.order.empty() ? d : x.order[d]; };
  out.order.assign(rank, 0);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::size_t from = i == 0 ? 0 : i == 1 ? rank - 1 : i - 1;
    out.extents[i] = x.extents[from];
    out.order[i] = order_at(from);
  }
  bool plain = true;
  for (std::size_t i = 0; i < rank; ++i) plain = plain && out.order[i] == i;
  if (plain) out.order.clear();
  return out;
}

// What lies channels first, as the file has it: channels last.
std::vector<std::size_t> channels_last_order(std::size_t rank) {
  std::vector<std::size_t> order{0};
  for (std::size_t d = 2; d < rank; ++d) order.push_back(d);
  order.push_back(1);
  return order;
}
Extents channels_last(const Extents& first) {
  Extents out;
  for (const std::size_t d : channels_last_order(first.size())) out.push_back(first[d]);
  return out;
}

Weight weight_channels_first(Weight weight) {
  const std::size_t rank = weight.constant->rank();
  if (rank < 3) throw lathe::invalid_argument("its weight has no kernel");
  std::vector<std::size_t> order{0, rank - 1};
  for (std::size_t d = 1; d + 1 < rank; ++d) order.push_back(d);
  weight.constant = transposed(weight.constant, order);
  if (weight.format && weight.format->axis) {
    auto format = std::make_shared<Format>(*weight.format);
    format->axis = static_cast<std::size_t>(std::find(order.begin(), order.end(), *format->axis) -
                                            order.begin());
    weight.format = std::move(format);
  }
  return weight;
}

void convolve(Network& net, const Node& node, const Value& x, const Weight& weight, bool last) {
  const std::vector<std::int64_t>& dims = weight.constant->dims();
  if (dims.size() < 3) throw lathe::invalid_argument("its weight has no kernel");
  const std::string op = convolution_op("conv", dims.size() - 2);
  const std::vector<std::int64_t> kernel(dims.begin() + 2, dims.end());
  if (node.integers("kernel_shape", kernel) != kernel) {
    throw lathe::invalid_argument("'kernel_shape' is not that of its weight");
  }
  Window window = window_of(node, x.extents, kernel);
  const std::int64_t groups = node.integer("group", 1), out = dims[0];
  std::int64_t in = 0;
  if (groups < 1 || __builtin_mul_overflow(dims[1], groups, &in) ||
      x.extents[1] != Extent{in, false}) {
    throw lathe::invalid_argument(
        lathe::join({"its weight ", text(dims), " in ", lathe::to_string(groups),
                     " groups does not fit channels first ", text(x.extents)}));
  }
  Extents extents{kBatch, {out, false}};
  for (const Extent e : slid(window, x.extents, false)) extents.push_back(e);
  Bias bias{&node, std::nullopt};
  if (node.has_input(2)) {
    bias.weight = as_vector(net.weight_input(node, 2), out);
  } else {
    bias = following_bias(net, node, out, last ? 1 : dims.size() - 1);
  }
  const std::string target =
      net.names().with_weights(node, weight.constant->name(), op, identity_of(net, node));
  lathe::node_id from = net.plain(x);
  const bool same = !window.is_even() && window.is_same();
  if (!window.is_even() && !same) from = padded(net, window, from, 0.0);
  const Layer layer{
      net.module(op, target, from,
                 {{"in_channels", in},
                  {"out_channels", out},
                  {"kernel_size", lathe::value::list_of(kernel)},
                  {"stride", lathe::value::list_of(window.stride)},
                  {"padding", same ? lathe::value("same") : lathe::value::list_of(window.before)},
                  {"dilation", lathe::value::list_of(window.dilation)},
                  {"groups", groups},
                  {"bias", bias.weight.has_value()}}),
      op == "conv1d" ? "conv1d" : "conv2d"};
  give_weight(net, layer, "weight", weight);
  if (bias.weight) give_weight(net, layer, "bias", *bias.weight);
  const std::vector<std::size_t> order =
      last ? channels_last_order(extents.size()) : std::vector<std::size_t>();
  set_layer(net, *bias.result, layer, x, last ? channels_last(extents) : extents, order);
}

void conv(Network& net, const Node& node) {
  convolve(net, node, net.tensor_input(node, 0), net.weight_input(node, 1), false);
}
void conv_channels_last(Network& net, const Node& node) {
  convolve(net, node, channels_first(net.tensor_input(node, 0)),
           weight_channels_first(net.weight_input(node, 1)), true);
}

// Extents of a transposed convolution, and what PyTorch calls its output_padding.
struct Spread {
  Extents extents;
  std::vector<std::int64_t> output_padding;
};
Spread spread_of(const Node& node, const Window& window, const Extents& x) {
  Spread out;
  out.output_padding =
      node.integers("output_padding", std::vector<std::int64_t>(window.kernel.size(), 0));
  if (out.output_padding.size() != window.kernel.size()) {
    throw lathe::invalid_argument("its 'output_padding' does not fit its kernel");
  }
  const std::vector<std::int64_t> reach = window.reach();
  for (std::size_t d = 0; d < reach.size(); ++d) {
    std::int64_t extent = 0;
    const bool fits = out.output_padding[d] >= 0 && out.output_padding[d] <= kLargestExtent &&
                      !__builtin_mul_overflow(x[d + 2].number - 1, window.stride[d], &extent);
    extent += reach[d] + out.output_padding[d] - 2 * window.before[d];
    if (!fits || extent < 1 || extent > kLargestExtent) {
      throw lathe::invalid_argument("its window makes nothing, or too much");
    }
    out.extents.push_back({extent, false});
  }
  return out;
}

void conv_transpose(Network& net, const Node& node) {
  const Value& x = net.tensor_input(node, 0);
  const Weight weight = net.weight_input(node, 1);
  const std::vector<std::int64_t>& dims = weight.constant->dims();
  if (dims.size() < 3) throw lathe::invalid_argument("its weight has no kernel");
  const std::string op = convolution_op("conv_transpose", dims.size() - 2);
  const std::vector<std::int64_t> kernel(dims.begin() + 2, dims.end());
  if (node.integers("kernel_shape", kernel) != kernel) {
    throw lathe::invalid_argument("'kernel_shape' is not that of its weight");
  }
  if (node.has("output_shape") || node.word("auto_pad", "NOTSET") != "NOTSET") {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       "its padding follows from 'output_shape' or 'auto_pad'; 'pads' are known");
  }
  const Window window = window_of(node, x.extents, kernel);
  if (!window.is_even()) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "its pads differ between the two sides");
  }
  const std::int64_t groups = node.integer("group", 1), in = dims[0];
  std::int64_t out = 0;
  if (groups < 1 || in % groups != 0 || __builtin_mul_overflow(dims[1], groups, &out) ||
      x.extents[1] != Extent{in, false}) {
    throw lathe::invalid_argument(
        lathe::join({"its weight ", text(dims), " in ", lathe::to_string(groups),
                     " groups does not fit ", text(x.extents)}));
  }
  const Spread spread = spread_of(node, window, x.extents);
  Extents extents{kBatch, {out, false}};
  extents.insert(extents.end(), spread.extents.begin(), spread.extents.end());
  Bias bias{&node, std::nullopt};
  if (node.has_input(2)) bias.weight = as_vector(net.weight_input(node, 2), out);
  const std::string target =
      net.names().with_weights(node, weight.constant->name(), op, identity_of(net, node));
  const Layer layer{net.module(op, target, net.plain(x),
                               {{"in_channels", in},
                                {"out_channels", out},
                                {"kernel_size", lathe::value::list_of(kernel)},
                                {"stride", lathe::value::list_of(window.stride)},
                                {"padding", lathe::value::list_of(window.before)},
                                {"output_padding", lathe::value::list_of(spread.output_padding)},
                                {"dilation", lathe::value::list_of(window.dilation)},
                                {"groups", groups},
                                {"bias", bias.weight.has_value()}}),
                    op == "conv_transpose1d" ? "conv_transpose1d" : "conv_transpose2d"};
  give_weight(net, layer, "weight", weight);
  if (bias.weight) give_weight(net, layer, "bias", *bias.weight);
  set_layer(net, node, layer, x, std::move(extents));
}

}  // namespace

void add_convolutions(std::vector<Operator>& rows) {
  std::vector<std::string_view> window = {"auto_pad",     "dilations", "group",
                                          "kernel_shape", "pads",      "strides"};
  rows.push_back({Domain::onnx, "Conv", 2, 3, Takes::first, window, conv});
  rows.push_back({Domain::channels_last, "Conv", 2, 3, Takes::first, window, conv_channels_last});
  window.insert(window.end(), {"output_padding", "output_shape"});
  rows.push_back({Domain::onnx, "ConvTranspose", 2, 3, Takes::first, window, conv_transpose});
}

}  // namespace onnx_reader
