// The seven networks of golden/metadata.json, built node by node. The models that users name are
// plugins; these are here so that the graph can be tested without any.
#pragma once

#include "core/graph/transaction.hpp"
#include "core/graph/verify.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace lathe_test {

using lathe::Argument;
using lathe::Graph;
using lathe::NodeId;
using lathe::NodeSpec;
using lathe::Opcode;
using lathe::Transaction;
using lathe::Value;

// Writes one network, each node reading the last one unless said otherwise.
class Writer {
 public:
  explicit Writer(std::uint64_t seed = 0) : graph_(seed), edit_(graph_) {}

  NodeId input(Value::List sample) { return placeholder("x", {{"shape", std::move(sample)}}); }
  NodeId placeholder(std::string target, Value::Map attributes) {
    NodeSpec spec;
    spec.opcode = Opcode::placeholder;
    spec.target = std::move(target);
    spec.attributes = Value(std::move(attributes));
    return last_ = edit_.add(std::move(spec));
  }
  NodeId module(std::string target, std::string op, Value::Map attributes = {}) {
    NodeSpec spec;
    spec.op = std::move(op);
    spec.target = std::move(target);
    spec.args = {Argument{last_}};
    spec.attributes = Value(std::move(attributes));
    return last_ = edit_.add(std::move(spec));
  }
  NodeId call(Opcode opcode, std::string op, std::vector<Argument> args) {
    NodeSpec spec;
    spec.opcode = opcode;
    spec.op = std::move(op);
    spec.args = std::move(args);
    return last_ = edit_.add(std::move(spec));
  }
  NodeId method(std::string op, std::vector<Argument> args) {
    return call(Opcode::call_method, std::move(op), std::move(args));
  }
  NodeId function(std::string op, std::vector<Argument> args) {
    return call(Opcode::call_function, std::move(op), std::move(args));
  }
  NodeId linear(std::string target, int in, int out) {
    return module(std::move(target), "linear", {{"in_features", in}, {"out_features", out}});
  }
  NodeId batch_norm(std::string target, int features) {
    return module(std::move(target), "batch_norm1d", {{"num_features", features}});
  }
  NodeId relu(std::string target, bool inplace) {
    return module(std::move(target), "relu", {{"inplace", inplace}});
  }
  NodeId last() const { return last_; }
  Transaction& edit() { return edit_; }
  const Graph& graph() const { return graph_; }

  Graph finish(std::int64_t batch) {
    call(Opcode::output, "output", {Argument{last_}});
    edit_.commit();
    return graph_.with_batch(batch);
  }

 private:
  Graph graph_;
  Transaction edit_;
  NodeId last_ = NodeId::none;
};

// layers: positive: linear to that width; 0: batch norm; -1: relu.
inline Graph jet_net(const std::string& prefix, std::vector<int> layers, std::int64_t batch,
                     std::uint64_t seed = 0, bool inplace = true) {
  Writer w(seed);
  w.input({16});
  int width = 16, i = 0;
  for (int layer : layers) {
    const std::string target = fmt::format("{}.{}", prefix, i++);
    if (layer == 0) {
      w.batch_norm(target, width);
    } else if (layer < 0) {
      w.relu(target, inplace);
    } else {
      w.linear(target, width, layer);
      width = layer;
    }
  }
  return w.finish(batch);
}

inline Graph jsc_tiny(std::int64_t batch = 8, std::uint64_t seed = 0) {
  return jet_net("seq_blocks", {0, -1, 5, -1}, batch, seed);
}

inline Graph jsc_toy(std::int64_t batch = 8, std::uint64_t seed = 0) {
  return jet_net("seq_blocks", {0, -1, 8, 0, -1, 8, 0, -1, 5, 0, -1}, batch, seed);
}

inline Graph jsc_s(std::int64_t batch = 8) {
  return jet_net("module_list", {0, -1, 64, 0, -1, 32, -1, 32, -1, 32, -1, 5, 0, -1}, batch, 0,
                 false);
}

inline Graph toy(std::int64_t batch = 4) {
  Writer w;
  const NodeId x = w.input({1, 2, 2});
  const NodeId size = w.method("size", {{x}, {Value(0)}});
  w.method("view", {{x}, {size}, {Value(-1)}});
  w.linear("seq_blocks.0", 4, 8);
  w.relu("seq_blocks.1", false);
  w.linear("seq_blocks.2", 8, 8);
  w.relu("seq_blocks.3", false);
  w.linear("seq_blocks.4", 8, 2);
  return w.finish(batch);
}

inline Graph toy_tiny(std::int64_t batch = 4) {
  Writer w;
  const NodeId x = w.input({1, 2, 2});
  const NodeId size = w.method("size", {{x}, {Value(0)}});
  w.method("view", {{x}, {size}, {Value(-1)}});
  w.linear("l1", 4, 2);
  w.relu("relu_1", false);
  return w.finish(batch);
}

inline NodeId conv(Writer& w, const std::string& target, const char* op, int in, int out) {
  return w.module(target, op,
                  {{"in_channels", in}, {"out_channels", out}, {"kernel_size", 3}, {"padding", 1}});
}

inline Graph toy_convnet(std::int64_t batch = 2) {
  Writer w;
  w.input({3, 32, 32});
  conv(w, "block_1.0", "conv2d", 3, 8);
  w.relu("block_1.1", false);
  w.module("maxpool", "max_pool2d", {{"kernel_size", 2}, {"stride", 2}});
  conv(w, "block_2.0", "conv2d", 8, 16);
  const NodeId image = w.relu("block_2.1", false);
  const NodeId size = w.method("size", {{image}, {Value(0)}});
  w.method("view", {{image}, {size}, {Value(16)}, {Value(-1)}});
  conv(w, "block_3.0", "conv1d", 16, 32);
  w.relu("block_3.1", false);
  conv(w, "block_4.0", "conv1d", 32, 64);
  w.relu("block_4.1", false);
  const NodeId pooled = w.module("avgpool", "adaptive_avg_pool1d", {{"output_size", 1}});
  const NodeId size_1 = w.method("size", {{pooled}, {Value(0)}});
  w.method("view", {{pooled}, {size_1}, {Value(-1)}});
  w.linear("linear", 64, 10);
  return w.finish(batch);
}

inline Graph vgg7(std::int64_t batch = 1) {
  Writer w;
  w.placeholder("x", {{"shape", Value::List{3, 32, 32}}, {"type", "torch.Tensor"}});
  int i = 0, channels = 3;
  for (int width : {128, 128, -1, 256, 256, -1, 512, 512, -1}) {
    auto target = [&] { return fmt::format("feature_layers.{}", i++); };
    if (width < 0) {
      w.module(target(), "max_pool2d", {{"kernel_size", 2}, {"stride", 2}});
      continue;
    }
    conv(w, target(), "conv2d", channels, width);
    w.module(target(), "batch_norm2d", {{"num_features", width}, {"momentum", 0.9}});
    w.relu(target(), true);
    channels = width;
  }
  w.method("view", {{w.last()}, {Value(-1)}, {Value(8192)}});
  w.linear("classifier.0", 8192, 1024);
  w.relu("classifier.1", true);
  w.linear("classifier.2", 1024, 1024);
  w.relu("classifier.3", true);
  w.linear("last_layer", 1024, 10);
  return w.finish(batch);
}

inline Graph model(const std::string& name, std::int64_t batch) {
  if (name == "jsc-tiny") return jsc_tiny(batch);
  if (name == "jsc-toy") return jsc_toy(batch);
  if (name == "jsc-s") return jsc_s(batch);
  if (name == "toy") return toy(batch);
  if (name == "toy_tiny") return toy_tiny(batch);
  if (name == "toy_convnet") return toy_convnet(batch);
  if (name == "vgg7") return vgg7(batch);
  throw std::runtime_error("no test network called " + name);
}

}  // namespace lathe_test
