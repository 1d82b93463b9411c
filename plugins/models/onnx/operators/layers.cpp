// Operators with weights: what is a module in PyTorch.
#include "window.hpp"

#include <algorithm>

namespace onnx_reader {

namespace {

// Says which module a node is: another node of the same is another call of it.
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

// A layer of the graph, with weights and formats.
struct Layer {
  lathe::node_id node;
  std::string_view op;
};

void give_weight(Network& net, const Layer& layer, std::string_view role, const Weight& weight) {
  net.give(layer.node, role, weight.constant);
  net.give_format(layer.node, layer.op, role, weight.format);
}

void set_layer(Network& net, const Node& node, const Layer& layer, const Value& x, Extents extents,
               std::vector<std::size_t> order = {}) {
  net.give_format(layer.node, layer.op, "data_in", x.format);
  Value out;
  out.node = layer.node;
  out.extents = std::move(extents);
  out.order = std::move(order);
  out.type = x.type;
  net.set(node, std::move(out));
}

// As a vector of `channels`.
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

Weight transposed_weight(Weight weight) {
  weight.constant = transposed(weight.constant, {1, 0});
  if (weight.format && weight.format->axis) {
    auto format = std::make_shared<Format>(*weight.format);
    format->axis = 1 - *format->axis;
    weight.format = std::move(format);
  }
  return weight;
}

// Where the result of a layer goes, and what is added to it as its bias.
struct Bias {
  const Node* result;
  std::optional<Weight> weight;
};
Bias following_bias(Network& net, const Node& node, std::int64_t channels, std::size_t from_end) {
  Network::Merged merged;
  const Node* addition = net.bias_of(node, channels, from_end, merged);
  if (addition == nullptr) return {&node, std::nullopt};
  return {addition, as_vector(net.weight_input(*addition, merged.bias), channels)};
}

// Of x [..., in] with a weight [out, in].
void linear(Network& net, const Node& node, Weight weight, std::optional<Weight> bias) {
  const Value& x = net.tensor_input(node, 0);
  const std::int64_t out = weight.constant->dims()[0], in = weight.constant->dims()[1];
  if (x.rank() < 2 || x.extents.back() != Extent{in, false}) {
    throw lathe::invalid_argument(lathe::join(
        {"its weight takes ", lathe::to_string(in), " numbers, and it reads ", text(x.extents)}));
  }
  Bias own{&node, std::move(bias)};
  if (!own.weight) own = following_bias(net, node, out, 1);
  const std::string target =
      net.names().with_weights(node, weight.constant->name(), "linear", identity_of(net, node));
  const Layer layer{
      net.module("linear", target, net.plain(x),
                 {{"in_features", in}, {"out_features", out}, {"bias", own.weight.has_value()}}),
      "linear"};
  give_weight(net, layer, "weight", weight);
  if (own.weight) give_weight(net, layer, "bias", *own.weight);
  Extents extents = x.extents;
  extents.back().number = out;
  set_layer(net, *own.result, layer, x, std::move(extents));
}

void product(Network& net, const Node& node) {
  const Value& x = net.input(node, 0);
  const Value& y = net.input(node, 1);
  if (x.is_tensor() && y.constant && y.rank() == 2) {
    return linear(net, node, transposed_weight(net.weight_input(node, 1)), std::nullopt);
  }
  if (x.rank() < 2 || y.rank() < 2) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "it multiplies by a vector");
  }
  const auto extents = [](const Value& v) {
    Extents out = v.extents;
    for (std::size_t d = 0; v.constant && d < v.rank(); ++d) {
      out.push_back({v.constant->dims()[d], false});
    }
    return out;
  };
  Extents a = extents(x), b = extents(y);
  const Extent rows = a[a.size() - 2], columns = b.back();
  if (a.back() != b[b.size() - 2]) throw lathe::invalid_argument("its factors do not fit");
  a.resize(a.size() - 2);
  b.resize(b.size() - 2);
  Value out;
  out.extents = broadcast(a, b);
  out.extents.push_back(rows);
  out.extents.push_back(columns);
  out.type = onnx::TensorProto::FLOAT;
  out.node = net.function("matmul", {net.node_of(x), net.node_of(y)}, Names::of_function(node));
  if (x.is_tensor()) net.give_format(out.node, "matmul", "data_in", x.format);
  if (y.is_tensor()) net.give_format(out.node, "matmul", "weight", y.format);
  net.set(node, std::move(out));
}

void gemm(Network& net, const Node& node) {
  const auto refuse = [](std::string_view what) {
    throw lathe::error(LATHE_UNIMPLEMENTED, std::string(what));
  };
  if (node.integer("transA", 0) != 0) refuse("it transposes its input ('transA')");
  if (node.real("alpha", 1) != 1 || (node.has_input(2) && node.real("beta", 1) != 1)) {
    refuse("it scales its product or bias ('alpha', 'beta')");
  }
  Weight weight = net.weight_input(node, 1);
  if (weight.constant->rank() != 2) refuse("its weight is no matrix");
  if (node.integer("transB", 0) == 0) weight = transposed_weight(std::move(weight));
  std::optional<Weight> bias;
  if (node.has_input(2)) bias = as_vector(net.weight_input(node, 2), weight.constant->dims()[0]);
  linear(net, node, std::move(weight), std::move(bias));
}

std::string convolution_op(std::size_t dims) {
  if (dims == 1) return "conv1d";
  if (dims == 2) return "conv2d";
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
  const std::string op = convolution_op(dims.size() - 2);
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

// Old exporters of Keras put a Transpose that says no order before a norm of vectors and another
// behind it: the batch would be the channels, which no runtime takes. Meant is the norm alone.
bool is_meant_untransposed(const Value& x, std::int64_t features) {
  return x.order == std::vector<std::size_t>{1, 0} && x.extents[1].of_batch &&
         x.extents[0] == Extent{features, false};
}

void batch_norm(Network& net, const Node& node) {
  Value x = net.tensor_input(node, 0);
  if (node.integer("training_mode", 0) != 0) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "it is in training mode");
  }
  if (node.integer("spatial", 1) != 1) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "it has statistics for each place ('spatial')");
  }
  const Weight scale = net.weight_input(node, 1);
  const std::int64_t features = scale.constant->count();
  const bool meant = is_meant_untransposed(x, features);
  if (meant) {
    net.warn(
        "its batch norms stand between Transposes that exchange batch and channels, which is no "
        "valid ONNX; it is read as it is meant, without them");
    std::swap(x.extents[0], x.extents[1]);
    x.order.clear();
  }
  const std::size_t rank = x.rank();
  if (rank < 2 || rank > 4 || x.extents[1] != Extent{features, false}) {
    throw lathe::invalid_argument(lathe::join(
        {"it normalises ", lathe::to_string(features), " channels and reads ", text(x.extents)}));
  }
  const std::string_view op = rank == 4 ? "batch_norm2d" : "batch_norm1d";
  const std::string target =
      net.names().with_weights(node, scale.constant->name(), op, identity_of(net, node));
  const Layer layer{net.module(op, target, net.plain(x),
                               {{"num_features", features},
                                {"eps", node.real("epsilon", 1e-5)},
                                {"momentum", 1 - node.real("momentum", 0.9)}}),
                    op};
  give_weight(net, layer, "weight", scale);
  give_weight(net, layer, "bias", as_vector(net.weight_input(node, 2), features));
  net.give(layer.node, "running_mean", as_vector(net.weight_input(node, 3), features).constant);
  net.give(layer.node, "running_var", as_vector(net.weight_input(node, 4), features).constant);
  Extents extents = x.extents;
  if (meant) std::swap(extents[0], extents[1]);
  set_layer(net, node, layer, x, std::move(extents),
            meant ? std::vector<std::size_t>{1, 0} : std::vector<std::size_t>());
}

}  // namespace

void add_layers(std::vector<Operator>& rows) {
  const Domain onnx = Domain::onnx;
  const std::vector<std::string_view> window = {"auto_pad",     "dilations", "group",
                                                "kernel_shape", "pads",      "strides"};
  rows.insert(rows.end(),
              {
                  {onnx, "Conv", 2, 3, Takes::first, window, conv},
                  {Domain::channels_last, "Conv", 2, 3, Takes::first, window, conv_channels_last},
                  {onnx,
                   "Gemm",
                   2,
                   3,
                   Takes::first,
                   {"alpha", "beta", "transA", "transB", "broadcast"},
                   gemm},
                  {onnx, "MatMul", 2, 2, Takes::product, {}, product},
                  {onnx,
                   "BatchNormalization",
                   5,
                   5,
                   Takes::first,
                   {"epsilon", "momentum", "spatial", "is_test", "training_mode"},
                   batch_norm},
              });
}

}  // namespace onnx_reader
