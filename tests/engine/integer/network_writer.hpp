// Writes small networks with number formats, whose nodes read any earlier one.
#pragma once

#include "tests/engine/integer/draw.hpp"
#include "tests/engine/integer/networks.hpp"

namespace lathe_test {

class NetworkWriter {
 public:
  static constexpr std::int64_t kBatch = 5;

  NetworkWriter(std::string name, const Shape& sample, bool any) : any_(any), edit_(graph_) {
    out_.name = std::move(name);
    NodeSpec spec;
    spec.opcode = Opcode::placeholder;
    spec.target = "x";
    spec.attributes = Value::Map{{"shape", Value::List(sample.begin(), sample.end())}};
    x_ = edit_.add(spec);
    std::vector<std::int64_t> shape{kBatch};
    shape.insert(shape.end(), sample.begin(), sample.end());
    out_.x = noise(Shape(shape), 1);
  }
  NodeId x() const { return x_; }

  NodeId module(const std::string& op, NodeId from, Value::Map attributes = {}) {
    NodeSpec spec;
    spec.op = op;
    spec.target = fmt::format("{}_{}", op, ++count_);
    spec.name = spec.target;
    spec.args = {Argument{from}};
    spec.attributes = Value(std::move(attributes));
    return edit_.add(spec);
  }
  NodeId add(NodeId a, NodeId b) {
    NodeSpec spec;
    spec.opcode = Opcode::call_function;
    spec.op = "add";
    spec.args = {Argument{a}, Argument{b}};
    return edit_.add(spec);
  }
  NodeId conv(NodeId from, int in, int out, int kernel = 3, int stride = 1, int groups = 1) {
    const NodeId id = module("conv2d", from,
                             {{"in_channels", in},
                              {"out_channels", out},
                              {"kernel_size", kernel},
                              {"stride", stride},
                              {"padding", kernel / 2},
                              {"groups", groups}});
    layers_.push_back(id);
    return id;
  }
  NodeId norm(NodeId from, int features) {
    return module("batch_norm2d", from, {{"num_features", features}});
  }
  NodeId conv_norm(NodeId from, int in, int out, int kernel = 3, int stride = 1, int groups = 1) {
    return norm(conv(from, in, out, kernel, stride, groups), out);
  }
  NodeId relu(NodeId from) { return module("relu", from); }
  NodeId max_pool(NodeId from, int size) {
    return module("max_pool2d", from, {{"kernel_size", size}, {"stride", size}});
  }
  NodeId linear(NodeId from, int in, int out) {
    const NodeId id = module("linear", from, {{"in_features", in}, {"out_features", out}});
    layers_.push_back(id);
    return id;
  }

  // Whether formats can sit on its data.
  bool takes_formats(NodeId node) const {
    const std::vector<std::string>& roles = graph_.ops().find(edit_.node(node).op)->quantizable;
    return std::ranges::find(roles, "data_in") != roles.end();
  }
  void format(NodeId node, const std::string& role, const std::string& id, Value options) {
    formats_.push_back({node, format_of(role, id, std::move(options))});
  }

  // `data`: formats of the data of the layers, one after the other and round again.
  SmallNetwork finish(NodeId last, const std::vector<std::pair<std::string, Value>>& data) {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const auto& [id, options] = data[i % data.size()];
      format(layers_[i], "data_in", id, any_ ? options : small(options));
      format(layers_[i], "weight", "integer", Value::Map{{"width", 7}, {"frac_width", 7}});
    }
    return finish(last);
  }
  SmallNetwork finish(NodeId last) {
    NodeSpec output;
    output.opcode = Opcode::output;
    output.op = "output";
    output.args = {Argument{last}};
    edit_.add(output);
    edit_.commit();
    out_.graph = with_statistics(graph_.with_batch(kBatch));
    lathe::Transaction edit(out_.graph);
    for (const auto& [node, format] : formats_) edit.set_format(node, format);
    edit.commit();
    for (NodeId layer : layers_) out_.layers.push_back(out_.graph.node(layer).name);
    return std::move(out_);
  }

 private:
  // Batch normalisations as after a training.
  static Graph with_statistics(const Graph& graph) {
    std::map<std::string, Tensor> contents;
    Draw draw(7);
    for (const auto& named : graph.parameters()) {
      const lathe::Parameter& parameter = *named.parameter;
      const bool of_norm = graph.node(named.node).op == "batch_norm2d";
      if (!of_norm || parameter.dtype != DType::float32) continue;
      const bool positive = parameter.name == "running_var" || parameter.name == "weight";
      std::vector<float> values(static_cast<std::size_t>(parameter.shape.numel()));
      for (float& v : values) {
        v = static_cast<float>(positive ? draw.real(0.3, 1.5) : draw.real(-0.4, 0.4));
      }
      if (parameter.name == "weight") values[0] = -values[0];
      contents.emplace(parameter.qualified_name, floats(parameter.shape, values));
    }
    return graph.with_parameters(contents);
  }

  // Codes from 0 to 127 at most.
  static Value small(Value options) {
    const Value* width = options.find("width");
    if (width == nullptr) return options.set("bipolar", false), options;
    options.set("width", std::min<std::int64_t>(width->as_int(), 7));
    options.set("is_signed", false);
    if (options.find("zero_point") != nullptr) options.set("zero_point", Value::List{0});
    return options;
  }

  bool any_;
  Graph graph_{3};
  lathe::Transaction edit_;
  SmallNetwork out_;
  NodeId x_ = NodeId::none;
  int count_ = 0;
  std::vector<NodeId> layers_;
  std::vector<std::pair<NodeId, OperandFormat>> formats_;
};

}  // namespace lathe_test
