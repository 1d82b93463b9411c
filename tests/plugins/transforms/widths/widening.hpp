// What the tests of channel_multiplier share: nets built node by node or by a model, with weights
// that are no initialiser's, the pass over them, and what they compute.
#pragma once

#include "core/tensor/random.hpp"
#include "tests/engine/engine.hpp"
#include "tests/plugins/workbench.hpp"

namespace lathe_test {

using lathe::Graph;

// Layers by name and what their entry says, eg: {{"fc1", {{"width", 2}}}}.
inline lathe::PassReport widen(Graph& graph, const json& layers,
                               const std::string& weights = "reset", std::uint64_t seed = 0) {
  json options = layers;
  options["by"] = "name";
  options["weights"] = weights;
  options["seed"] = seed;
  return Workbench().run("channel_multiplier", graph, options);
}

// What the pass refuses, as its user reads it; empty: nothing.
inline std::string refusal(const Graph& graph, const json& layers,
                           const std::string& weights = "reset") {
  Graph work = graph;
  try {
    widen(work, layers, weights);
  } catch (const lathe::Error& error) {
    BOOST_TEST(work.epoch() == graph.epoch());  // a refused pass leaves the graph as it was
    return error.what();
  }
  return {};
}

inline void check_refused(const Graph& graph, const json& layers, const std::string& weights,
                          const std::vector<std::string>& says) {
  const std::string text = refusal(graph, layers, weights);
  for (const std::string& part : says) {
    BOOST_TEST(text.find(part) != std::string::npos, "it does not say '" << part << "': " << text);
  }
}

inline Tensor random_tensor(const Shape& shape, std::uint64_t stream, double low, double high) {
  std::vector<double> drawn(static_cast<std::size_t>(shape.numel()));
  lathe::uniform(7, stream, 0, drawn);
  std::vector<float> values;
  for (const double u : drawn) values.push_back(static_cast<float>(low + u * (high - low)));
  return floats(shape, values);
}

// As after a training: every parameter given, batch norms with statistics of their own.
inline Graph trained(const Graph& graph, std::uint64_t seed) {
  std::map<std::string, Tensor> contents;
  std::uint64_t stream = seed << 16;
  for (const auto& [node, parameter] : graph.parameters()) {
    if (parameter->dtype != DType::float32) continue;
    const bool variance = parameter->name == "running_var";
    const bool matrix = parameter->shape.rank() > 1;
    const double fan_in = matrix
                              ? static_cast<double>(parameter->shape.numel() /
                                                    std::max<std::int64_t>(parameter->shape[0], 1))
                              : 4;
    const double bound = std::sqrt(3.0 / fan_in);
    contents.emplace(parameter->qualified_name,
                     variance ? random_tensor(parameter->shape, ++stream, 0.5, 1.5)
                              : random_tensor(parameter->shape, ++stream, -bound, bound));
  }
  return graph.with_parameters(contents);
}

inline std::vector<float> computed(const Graph& graph, std::uint64_t seed = 1) {
  static const std::shared_ptr<lathe::Executor> engine = open_engine();
  std::vector<Tensor> inputs;
  for (const NodeId id : graph.placeholders()) {
    inputs.push_back(random_tensor(graph.node(id).result.shape, seed, -1, 1));
  }
  const auto values = engine->run(graph, inputs).at(0);
  return {values.values<float>().begin(), values.values<float>().end()};
}

// The largest |a - b| / max(1, |a|).
inline double difference(const std::vector<float>& a, const std::vector<float>& b) {
  BOOST_REQUIRE_EQUAL(a.size(), b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], gap = std::abs(x - static_cast<double>(b[i]));
    worst = std::max(worst, std::isnan(gap) ? 1e30 : gap / std::max(1.0, std::abs(x)));
  }
  return worst;
}

inline std::int64_t size_of(const Graph& graph, const std::string& node, const std::string& key) {
  return graph.attributes(graph.find(node)).find(key)->as_int();
}

}  // namespace lathe_test
