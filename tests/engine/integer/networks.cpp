// Builds small networks.
#include "core/run/needed.hpp"
#include "tests/engine/integer/network_writer.hpp"

namespace lathe_test {

namespace {

std::pair<std::string, Value> fixed(int width, int fraction, bool is_signed = true) {
  return {"integer",
          Value::Map{{"width", width}, {"frac_width", fraction}, {"is_signed", Value(is_signed)}}};
}
std::pair<std::string, Value> affine(int width, double scale, int zero, bool is_signed) {
  return {"affine", Value::Map{{"width", width},
                               {"scale", Value::List{scale}},
                               {"zero_point", Value::List{zero}},
                               {"is_signed", Value(is_signed)}}};
}

SmallNetwork plain(bool any) {
  NetworkWriter n("vgg", {3, 16, 12}, any);
  NodeId x = n.relu(n.conv_norm(n.x(), 3, 8));
  x = n.max_pool(n.relu(n.conv_norm(x, 8, 12)), 2);
  x = n.relu(n.conv_norm(x, 12, 20));
  x = n.max_pool(x, 2);
  x = n.module("flatten", x);
  x = n.module("dropout", n.relu(n.linear(x, 20 * 4 * 3, 24)));
  x = n.linear(x, 24, 10);
  return n.finish(x, {fixed(8, 5), fixed(8, 5, false), fixed(8, 6, false)});
}

SmallNetwork residual(bool any) {
  NetworkWriter n("resnet", {3, 9, 9}, any);
  NodeId x = n.relu(n.conv_norm(n.x(), 3, 8));
  NodeId y = n.relu(n.conv_norm(x, 8, 8));
  x = n.relu(n.add(n.conv_norm(y, 8, 8), x));
  y = n.relu(n.conv_norm(x, 8, 16, 3, 2));
  x = n.relu(n.add(n.conv_norm(y, 16, 16), n.conv_norm(x, 8, 16, 1, 2)));
  x = n.module("adaptive_avg_pool2d", x, {{"output_size", 1}});
  x = n.linear(n.module("flatten", x), 16, 5);
  return n.finish(x, {fixed(8, 4), affine(8, 0.013, 0, false), affine(8, 0.021, 0, true)});
}

SmallNetwork mobile(bool any) {
  NetworkWriter n("mobilenet", {4, 10, 10}, any);
  NodeId x = n.module("relu6", n.conv_norm(n.x(), 4, 12, 3, 2));
  NodeId y = n.module("relu6", n.conv_norm(x, 12, 24, 1));
  y = n.module("relu6", n.conv_norm(y, 24, 24, 3, 1, 24));
  y = n.conv_norm(y, 24, 12, 1);
  y = n.add(x, y);
  y = n.module("relu6", n.conv_norm(y, 12, 24, 1));
  y = n.module("relu6", n.conv_norm(y, 24, 24, 3, 2, 24));
  y = n.conv(y, 24, 6, 1);
  return n.finish(y, {affine(8, 0.03, 90, false), affine(8, 6.0 / 255, 0, false), fixed(6, 3)});
}

// Nothing between layers; layers that several nodes read; formats on what layers make.
SmallNetwork dense(bool any) {
  NetworkWriter n("layers alone", {2, 7, 7}, any);
  const NodeId first = n.conv(n.x(), 2, 6);
  const NodeId second = n.conv(first, 6, 6);
  const NodeId sum = n.add(n.add(first, second), n.conv(first, 6, 6, 1));
  const NodeId last = n.linear(n.module("flatten", sum), 6 * 49, 7);
  const auto [id, options] = fixed(8, 5);
  n.format(second, "data_out", id, options);
  n.format(last, "data_out", id, options);
  return n.finish(last, {fixed(8, 5), fixed(5, 2), {"binary", Value::Map{}}});
}

// Formats on the nodes between layers too.
SmallNetwork all_quantized(bool any) {
  NetworkWriter n("all quantized", {3, 8, 8}, any);
  const auto [id, options] = fixed(8, 4);
  const NodeId norm = n.conv_norm(n.x(), 3, 8);
  const NodeId relu = n.relu(norm);
  const NodeId pool = n.max_pool(relu, 2);
  const NodeId conv = n.conv(pool, 8, 8);
  const NodeId sum = n.add(conv, pool);
  const NodeId last = n.conv(n.relu(sum), 8, 4, 1);
  n.format(norm, "data_in", id, options);
  n.format(norm, "weight", id, options);
  n.format(relu, "data_in", id, options);
  n.format(sum, "data_in", id, options);
  n.format(conv, "bias", "integer", fixed(16, 10).second);
  return n.finish(last, {fixed(8, 5), fixed(4, 2, false)});
}

// Several pieces of sums for each layer; windows that leave rows and columns over.
SmallNetwork large(bool any) {
  NetworkWriter n("large images", {3, 41, 38}, any);
  NodeId x = n.max_pool(n.relu(n.conv_norm(n.x(), 3, 32)), 2);
  x = n.relu(n.conv_norm(x, 32, 24));
  x = n.max_pool(n.relu(n.add(n.conv_norm(x, 24, 24), x)), 3);
  x = n.module("adaptive_avg_pool2d", n.conv(x, 24, 16), {{"output_size", 1}});
  x = n.linear(n.module("flatten", x), 16, 5);
  return n.finish(x, {fixed(8, 5), fixed(8, 5, false)});
}

}  // namespace

Tensor noise(const Shape& shape, int salt) {
  Draw draw(static_cast<std::uint64_t>(salt));
  std::vector<float> values(static_cast<std::size_t>(shape.numel()));
  for (float& x : values) x = static_cast<float>(draw.real(-2, 2));
  return floats(shape, values);
}

Tensor with_row_spoilt(const Tensor& x, std::int64_t row, float value) {
  std::vector<float> values(x.values<float>().begin(), x.values<float>().end());
  const std::int64_t size = x.numel() / x.shape()[0];
  for (std::int64_t i = row * size; i < (row + 1) * size; i += 7) {
    values[static_cast<std::size_t>(i)] = value;
  }
  return floats(x.shape(), values);
}

std::vector<SmallNetwork> small_networks(bool any) {
  std::vector<SmallNetwork> out;
  for (const auto make : {plain, residual, mobile, dense, all_quantized, large})
    out.push_back(make(any));
  return out;
}

Graph alone(const Graph& graph, NodeId node) {
  const lathe::Node& of = graph.node(node);
  Graph out(graph.seed());
  lathe::Transaction edit(out);
  std::vector<Argument> args;
  for (NodeId input : lathe::run::tensor_inputs(graph, node)) {
    const Shape& shape = graph.node(input).result.shape;
    NodeSpec spec;
    spec.opcode = Opcode::placeholder;
    spec.target = fmt::format("x{}", args.size());
    spec.attributes = Value::Map{{"shape", Value::List(shape.begin() + 1, shape.end())}};
    args.push_back({edit.add(spec)});
  }
  NodeSpec spec;
  spec.opcode = of.opcode;
  spec.op = of.op;
  spec.target = of.target;
  spec.args = std::move(args);
  if (of.opcode == Opcode::call_module) spec.attributes = graph.attributes(node);
  const NodeId copy = edit.add(spec);
  NodeSpec output;
  output.opcode = Opcode::output;
  output.op = "output";
  output.args = {Argument{copy}};
  edit.add(output);
  edit.commit();
  out = out.with_batch(graph.batch());
  std::map<std::string, Tensor> contents;
  for (const lathe::Parameter& parameter : of.parameters) {
    contents.emplace(parameter.qualified_name, parameter.content->tensor());
  }
  out = out.with_parameters(contents);
  lathe::Transaction formats(out);
  for (const OperandFormat& format : of.formats) formats.set_format(copy, format);
  formats.commit();
  return out;
}

}  // namespace lathe_test
