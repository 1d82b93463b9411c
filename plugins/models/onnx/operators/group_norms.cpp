// The norm of groups of channels, which files write as that of instances.
#include "written_out.hpp"

#include <algorithm>

namespace onnx_reader {

namespace {

// A number for each channel of what is written [batch, channels, ...]: [channels, 1, ...], as it is
// or as a vector with new dimensions behind.
ConstantPtr channels_at(Network& net, const std::string& name, std::int64_t channels,
                        std::size_t rank) {
  const Node* maker = net.graph().maker_of(name);
  if (maker != nullptr && maker->op() == "Unsqueeze") {
    const Value* vector = net.find(maker->input(0));
    const bool fits = vector != nullptr && vector->constant && !vector->format &&
                      vector->rank() == 1 && vector->constant->count() == channels && rank > 2;
    return fits ? vector->constant : nullptr;
  }
  net.make(name);
  const Value* value = net.find(name);
  const bool fits = value != nullptr && value->constant && !value->format &&
                    value->rank() == rank - 1 && value->constant->count() == channels &&
                    value->constant->dims()[0] == channels;
  return fits ? with_dims(value->constant, {channels}) : nullptr;
}

bool holds_only(const Network& net, const std::string& name, std::int64_t count, float number) {
  const ConstantPtr vector = vector_at(net, name, count);
  if (!vector) return false;
  const std::vector<float> all = vector->reals();
  return std::all_of(all.begin(), all.end(), [number](float x) { return x == number; });
}

// Each channel as a group of its own.
void instance_norm(Network& net, const Node& node) {
  const Value x = net.tensor_input(node, 0);
  const ConstantPtr weight = net.weight_input(node, 1).constant;
  const std::int64_t channels = weight->count();
  const ConstantPtr scale = vector_at(net, node.input(1), channels),
                    bias = vector_at(net, node.input(2), channels);
  if (!scale || !bias || x.rank() < 2 || x.extents[1] != Extent{channels, false}) {
    throw lathe::invalid_argument("its scale and bias are no vectors of its channels");
  }
  const std::string target =
      net.names().with_weights(node, scale->name(), "group_norm", scale->name());
  Value out;
  out.extents = x.extents;
  out.type = x.type;
  out.node = net.module("group_norm", target, net.plain(x),
                        {{"num_groups", channels},
                         {"num_channels", channels},
                         {"eps", node.real("epsilon", 1e-5)},
                         {"affine", true}});
  net.give(out.node, "weight", scale);
  net.give(out.node, "bias", bias);
  net.give_format(out.node, "group_norm", "data_in", x.format);
  net.set(node, std::move(out));
}

}  // namespace

bool is_group_norm(Network& net, const Node& node, const Extents& groups) {
  const Graph& graph = net.graph();
  const Value& x = net.tensor_input(node, 0);
  if (groups.size() != 3 || x.rank() < 2 || groups[0] != kBatch || x.extents[0] != kBatch) {
    return false;
  }
  const Node* norm = only_reader(graph, node.output(0), "InstanceNormalization");
  const Node* back = norm == nullptr ? nullptr : only_reader(graph, norm->output(0), "Reshape");
  if (back == nullptr || !holds_only(net, norm->input(1), groups[1].number, 1) ||
      !holds_only(net, norm->input(2), groups[1].number, 0)) {
    return false;
  }
  const std::int64_t channels = x.extents[1].number;
  const Node *scaled = only_reader(graph, back->output(0), "Mul"), *shifted = nullptr;
  ConstantPtr weight, bias;
  if (scaled != nullptr) {
    weight = channels_at(net, other_input(*scaled, back->output(0)), channels, x.rank());
    shifted = weight ? only_reader(graph, scaled->output(0), "Add") : nullptr;
  }
  if (shifted != nullptr) {
    bias = channels_at(net, other_input(*shifted, scaled->output(0)), channels, x.rank());
  }
  const bool affine = weight && bias;
  for (const Node* part : {norm, back}) net.skip(*part);
  if (affine) net.skip(*scaled), net.skip(*shifted);
  const std::string target = net.names().with_weights(node, affine ? weight->name() : "",
                                                      "group_norm", affine ? weight->name() : "");
  Value out;
  out.extents = x.extents;
  out.type = x.type;
  out.node = net.module("group_norm", target, net.plain(x),
                        {{"num_groups", groups[1].number},
                         {"num_channels", channels},
                         {"eps", norm->real("epsilon", 1e-5)},
                         {"affine", affine}});
  if (affine) {
    net.give(out.node, "weight", weight);
    net.give(out.node, "bias", bias);
  }
  net.give_format(out.node, "group_norm", "data_in", x.format);
  net.set(affine ? *shifted : *back, std::move(out));
  return true;
}

void add_group_norms(std::vector<Operator>& rows) {
  rows.push_back(
      {Domain::onnx, "InstanceNormalization", 3, 3, Takes::first, {"epsilon"}, instance_norm});
}

}  // namespace onnx_reader
