// The norm of a layer, also where it is written out in its parts.
#include "written_out.hpp"

namespace onnx_reader {

namespace {

bool is_mean_of_last(const Network& net, const Node& node, std::size_t rank) {
  const std::vector<std::int64_t> axes = reduced_axes(net, node);
  return node.integer("keepdims", 1) == 1 && axes.size() == 1 && axis_of(axes[0], rank) == rank - 1;
}

void set_norm(Network& net, const Node& first, const Node& last, const Value& x,
              const ConstantPtr& weight, const ConstantPtr& bias, double eps) {
  const std::int64_t width = x.extents.back().number;
  const bool affine = weight != nullptr;
  const std::string target = net.names().with_weights(first, affine ? weight->name() : "",
                                                      "layer_norm", affine ? weight->name() : "");
  Value out;
  out.extents = x.extents;
  out.type = x.type;
  out.node = net.module("layer_norm", target, net.plain(x),
                        {{"normalized_shape", lathe::value::list({width})},
                         {"eps", eps},
                         {"elementwise_affine", affine}});
  if (affine) {
    net.give(out.node, "weight", weight);
    net.give(
        out.node, "bias",
        bias ? bias
             : reals_constant(std::vector<float>(static_cast<std::size_t>(width), 0.0F), {width}));
  }
  net.give_format(out.node, "layer_norm", "data_in", x.format);
  net.set(last, std::move(out));
}

void layer_norm(Network& net, const Node& node) {
  const Value x = net.tensor_input(node, 0);
  for (std::size_t i = 1; i < node.outputs(); ++i) {
    if (!net.graph().readers_of(node.output(i)).empty()) {
      throw lathe::error(LATHE_UNIMPLEMENTED, "its statistics are read");
    }
  }
  if (axis_of(node.integer("axis", -1), x.rank()) != x.rank() - 1) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "it normalises over several dimensions");
  }
  const std::int64_t width = x.extents.back().number;
  const ConstantPtr weight = vector_at(net, node.input(1), width);
  const ConstantPtr bias = node.has_input(2) ? vector_at(net, node.input(2), width) : nullptr;
  if (!weight || (node.has_input(2) && !bias)) {
    throw lathe::invalid_argument("its scale and bias are no vectors of its last dimension");
  }
  set_norm(net, node, node, x, weight, bias, node.real("epsilon", 1e-5));
}

}  // namespace

// PyTorch before opset 17: d = x - mean(x); d / sqrt(mean(d^2) + eps) * weight + bias.
bool is_layer_norm(Network& net, const Node& node) {
  const Value x = net.tensor_input(node, 0);
  const Graph& graph = net.graph();
  if (x.extents.back().of_batch || !is_mean_of_last(net, node, x.rank())) return false;
  const Node* centred = only_reader(graph, node.output(0), "Sub");
  if (centred == nullptr || centred->input(0) != node.input(0)) return false;
  const std::string& d = centred->output(0);
  const Node *power = nullptr, *quotient = nullptr;
  for (const std::size_t at : graph.readers_of(d)) {
    const Node& reader = graph.nodes[at];
    if (reader.op() == "Pow" && reader.input(0) == d) power = &reader;
    if (reader.op() == "Div" && reader.input(0) == d) quotient = &reader;
  }
  if (power == nullptr || quotient == nullptr || graph.readers_of(d).size() != 2) return false;
  const Node* mean = only_reader(graph, power->output(0), "ReduceMean");
  const Node* sum = mean == nullptr ? nullptr : only_reader(graph, mean->output(0), "Add");
  const Node* root = sum == nullptr ? nullptr : only_reader(graph, sum->output(0), "Sqrt");
  if (root == nullptr || only_reader(graph, root->output(0), "Div") != quotient ||
      quotient->input(1) != root->output(0)) {
    return false;
  }
  // Numbers may stand in Constants further down the file: they are made first.
  net.make(power->input(1));
  const std::string& eps = other_input(*sum, mean->output(0));
  net.make(eps);
  if (mean->inputs() > 1) net.make(mean->input(1));
  if (!is_number(net, power->input(1), 2) || number_at(net, eps) == nullptr ||
      !is_mean_of_last(net, *mean, x.rank())) {
    return false;
  }
  const std::int64_t width = x.extents.back().number;
  const Node* last = quotient;
  const Node* scaled = only_reader(graph, quotient->output(0), "Mul");
  ConstantPtr weight, bias;
  if (scaled != nullptr) {
    weight = vector_at(net, other_input(*scaled, quotient->output(0)), width);
  }
  if (weight) {
    last = scaled;
    const Node* shifted = only_reader(graph, scaled->output(0), "Add");
    if (shifted != nullptr) {
      bias = vector_at(net, other_input(*shifted, scaled->output(0)), width);
    }
    if (bias) last = shifted;
  }
  for (const Node* part : {centred, power, mean, sum, root, quotient, scaled}) {
    if (part != nullptr && (part != scaled || weight)) net.skip(*part);
  }
  if (bias) net.skip(*last);
  set_norm(net, node, *last, x, weight, bias, number_at(net, eps)->constant->number());
  return true;
}

void add_layer_norms(std::vector<Operator>& rows) {
  rows.push_back({Domain::onnx,
                  "LayerNormalization",
                  2,
                  3,
                  Takes::first,
                  {"axis", "epsilon", "stash_type"},
                  layer_norm});
}

}  // namespace onnx_reader
