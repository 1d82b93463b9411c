// Products with weights and of two tensors, and batch norms.
#include "layer.hpp"

#include <algorithm>

namespace onnx_reader {

namespace {

Weight transposed_weight(Weight weight) {
  weight.constant = transposed(weight.constant, {1, 0});
  if (weight.format && weight.format->axis) {
    auto format = std::make_shared<Format>(*weight.format);
    format->axis = 1 - *format->axis;
    weight.format = std::move(format);
  }
  return weight;
}

// Of x [..., in] with a weight [out, in].
void linear(Network& net, const Node& node, const Weight& weight, std::optional<Weight> bias) {
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
  const auto scaled = [&](Weight weight, double by) {
    if (by == 1) return weight;
    if (weight.format) refuse("it scales what is quantized ('alpha', 'beta')");
    weight.constant =
        combined("Mul", weight.constant, reals_constant({static_cast<float>(by)}, {}));
    return weight;
  };
  Weight weight = net.weight_input(node, 1);
  if (weight.constant->rank() != 2) refuse("its weight is no matrix");
  weight = scaled(std::move(weight), node.real("alpha", 1));
  if (node.integer("transB", 0) == 0) weight = transposed_weight(std::move(weight));
  std::optional<Weight> bias;
  if (node.has_input(2)) {
    bias = as_vector(scaled(net.weight_input(node, 2), node.real("beta", 1)),
                     weight.constant->dims()[0]);
  }
  linear(net, node, weight, std::move(bias));
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
  rows.insert(rows.end(), {
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
