// CPU microseconds that an image costs in each layer of a network, in float, quantized on floats
// and on integers: bench/integer/layers builds and runs it.
//
//   measure PLUGINS FLOAT QUANTIZED [ROWS [REPEATS]]    folders that save_graph wrote
//
// A layer is a convolution, a linear layer or a product of matrices with all that follows it up to
// the next one. It costs what the network up to its end takes more than up to its beginning: whole
// beginnings of the network run, so that what is fused or handed on as bytes stays so. One thread,
// random images. In each round each beginning runs once in each way; the least of its times counts,
// as what else the machine does only adds.
#include "core/base/json.hpp"
#include "core/checkpoint/checkpoint.hpp"
#include "core/graph/io/json.hpp"
#include "core/host/instances/plugin_ops.hpp"
#include "core/run/codes/integer_layers.hpp"
#include "core/run/open_engine.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>

using namespace lathe;
namespace fs = std::filesystem;

namespace {

double cpu_microseconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return 1e6 * static_cast<double>(t.tv_sec) + 1e-3 * static_cast<double>(t.tv_nsec);
}

Graph read_network(const fs::path& folder, const OpSet& ops, std::int64_t rows) {
  std::ifstream file(folder / "graph.json");
  const Graph graph = graph_from_json(value_of(Json::parse(file)), 0, &ops).with_batch(rows);
  const fs::path weights = folder / "model.safetensors";
  return load_parameters(graph, read_checkpoint(weights), weights).graph;
}

std::vector<Tensor> random_images(const Graph& graph) {
  std::mt19937 random(1);
  std::normal_distribution<float> noise;
  std::vector<Tensor> out;
  for (const NodeId id : graph.placeholders()) {
    const Shape& shape = graph.node(id).result.shape;
    std::vector<float> values(static_cast<std::size_t>(shape.numel()));
    for (float& value : values) value = noise(random);
    out.push_back(Tensor::of<float>(DType::float32, shape, values));
  }
  return out;
}

struct Layer {
  std::string name, op;
  NodeId end;  // the last node that is counted to it
};

std::vector<Layer> layers_of(const Graph& graph) {
  constexpr std::string_view kLayers[] = {"conv1d", "conv2d", "linear", "matmul", "bmm"};
  std::vector<Layer> out;
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (std::ranges::find(kLayers, node.op) == std::end(kLayers)) continue;
    if (!out.empty()) out.back().end = node.inputs().front();
    out.push_back({node.name, node.op, id});
  }
  out.back().end = graph.node(graph.output()).inputs().front();
  return out;
}

// The beginnings of a network, up to the end of each layer, and what they took.
class Way {
 public:
  Way(const char* name, const Registry& registry, const Graph& graph, bool on_integers)
      : name_(name), images_(random_images(graph)), rows_(graph.batch()) {
    backend_ = run::open_engine(registry, cache_, "cpu");
    backend_->set_threads(1);
    backend_->set_integer_kernels(on_integers);
    for (const Layer& layer : layers_of(graph)) {
      programs_.push_back(backend_->program(graph, {layer.end}, nullptr));
    }
    least_.resize(programs_.size(), std::numeric_limits<double>::max());
  }

  void round() {
    for (std::size_t i = 0; i < programs_.size(); ++i) {
      const double start = cpu_microseconds();
      programs_[i]->run({images_, 0, rows_, rows_, 0});
      least_[i] = std::min(least_[i], cpu_microseconds() - start);
    }
  }

  const char* name() const { return name_; }
  // What computed a layer on integers, or why nothing did: "brgconv:avx512_core_vnni".
  std::string kernel(const std::string& layer) const {
    const Value environment = backend_->environment();
    const Value* part = environment.find(run::kIntegerKernelsEntry);
    if (part == nullptr) return {};
    if (const Value* reason = part->find("reason")) return reason->as_string();
    for (const char* where : {"on_integers", "on_floats"}) {
      const Value* layers = part->find(where);
      const Value* texts = layers == nullptr ? nullptr : layers->find(layer);
      if (texts != nullptr) return texts->as_list().front().as_string();
    }
    return {};
  }
  double microseconds(std::size_t layer) const {
    const double before = layer == 0 ? 0 : least_[layer - 1];
    return (least_[layer] - before) / static_cast<double>(rows_);
  }

 private:
  const char* name_;
  run::Cache cache_;
  std::shared_ptr<run::Backend> backend_;
  std::vector<Tensor> images_;
  std::int64_t rows_;
  std::vector<std::unique_ptr<run::Program>> programs_;
  std::vector<double> least_;
};

}  // namespace

int main(int count, char** words) {
  if (count < 4) {
    return std::fputs("usage: measure PLUGINS FLOAT QUANTIZED [ROWS [REPEATS]]\n", stderr), 2;
  }
  const std::int64_t rows = count > 4 ? std::atoll(words[4]) : 64;
  const int repeats = count > 5 ? std::atoi(words[5]) : 9;
  const Registry registry({{words[1], "built-in"}}, {});
  const PluginOps ops(registry);
  const Graph in_float = read_network(words[2], ops, rows);
  const Graph quantized = read_network(words[3], ops, rows);
  Way ways[] = {{"float", registry, in_float, false},
                {"on floats", registry, quantized, false},
                {"on integers", registry, quantized, true}};
  for (int i = 0; i < repeats; ++i) {
    for (Way& way : ways) way.round();
  }
  std::printf("%-28s %-8s %12s %12s %12s %13s  %s\n", "CPU us per image", "", ways[0].name(),
              ways[1].name(), ways[2].name(), "times as fast", "computed by");
  const std::vector<Layer> layers = layers_of(quantized);
  double sum[3] = {};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    double us[3];
    for (std::size_t w = 0; w < 3; ++w) sum[w] += us[w] = ways[w].microseconds(i);
    std::printf("%-28s %-8s %12.1f %12.1f %12.1f %13.2f  %s\n", layers[i].name.c_str(),
                layers[i].op.c_str(), us[0], us[1], us[2], us[0] / us[2],
                ways[2].kernel(layers[i].name).c_str());
  }
  std::printf("%-28s %-8s %12.1f %12.1f %12.1f %13.2f\n", "all", "", sum[0], sum[1], sum[2],
              sum[0] / sum[2]);
  return 0;
}
