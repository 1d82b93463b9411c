// What the tests of the model onnx share: networks of files, and what they compute.
#pragma once

#include "tests/engine/engine.hpp"
#include "tests/plugins/workbench.hpp"

namespace lathe_test {

using lathe::Graph;

inline Graph network(const std::filesystem::path& file, std::int64_t batch = 1) {
  return Workbench(batch).model("onnx", {{"file", file.string()}});
}

inline Tensor computed(const Graph& graph, const Tensor& input) {
  static const std::shared_ptr<lathe::Executor> engine = open_executor();
  return engine->run(graph, {input}).at(0);
}

inline std::vector<float> values_of(const Tensor& tensor) {
  return {tensor.values<float>().begin(), tensor.values<float>().end()};
}

inline double difference(const std::vector<float>& a, const std::vector<float>& b) {
  BOOST_REQUIRE_EQUAL(a.size(), b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double gap = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    worst = std::max(worst, std::isnan(gap) ? 1e30 : gap);
  }
  return worst;
}

// golden/onnx.json, rules.
inline Tensor ruled_input(const std::vector<std::int64_t>& dims, const std::string& rule) {
  const Shape shape(dims);
  std::vector<float> values;
  for (std::int64_t i = 0; i < shape.numel(); ++i) {
    const auto x = static_cast<float>(std::sin(0.7 * static_cast<double>(i) + 0.3));
    values.push_back(rule == "sin" ? x : x >= 0 ? 1.0F : -1.0F);
  }
  return floats(shape, values);
}

// The first of equals.
inline std::size_t largest(std::span<const float> row) {
  return static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

}  // namespace lathe_test
