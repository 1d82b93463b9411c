// The networks of golden/own_networks: saved graphs with their golden weights, and inputs.
#pragma once

#include "tests/engine/engine.hpp"

#include "core/base/json.hpp"
#include "core/checkpoint/checkpoint.hpp"
#include "core/checkpoint/load.hpp"
#include "core/checkpoint/npy.hpp"
#include "core/graph/io/json.hpp"

namespace lathe_test {

inline std::filesystem::path network_folder(const std::string& net) {
  return golden("own_networks") / "torch" / net;
}

inline Graph saved_network(const std::string& net) {
  std::ifstream in(network_folder(net) / "graph.json");
  const lathe::Value written = lathe::value_of(lathe::Json::parse(in));
  const std::filesystem::path weights = network_folder(net) / "model.safetensors";
  lathe::Checkpoint checkpoint = lathe::read_checkpoint(weights);
  const std::filesystem::path constants = network_folder(net) / "constants.safetensors";
  if (std::filesystem::exists(constants))
    checkpoint.tensors.merge(lathe::read_checkpoint(constants).tensors);
  return load_parameters(lathe::graph_from_json(written, 0), checkpoint, weights).graph;
}

inline Tensor network_input(const Graph& graph, const std::filesystem::path& file) {
  const Tensor read = lathe::read_npy(file);
  if (graph.node(graph.placeholders()[0]).result.dtype == DType::float32) return read;
  std::vector<std::int64_t> whole;
  for (const float x : read.values<float>()) whole.push_back(static_cast<std::int64_t>(x));
  return Tensor::of<std::int64_t>(DType::int64, read.shape(), whole);
}

}  // namespace lathe_test
