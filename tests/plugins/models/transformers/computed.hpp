// Outputs of networks.
#pragma once

#include "folders.hpp"

namespace lathe_test {

inline Tensor computed(const Graph& graph, const Tensor& input) {
  static const std::shared_ptr<lathe::Executor> engine = open_executor();
  return engine->run(graph, {input}).at(0);
}

inline std::vector<float> values_of(const Tensor& tensor) {
  return {tensor.values<float>().begin(), tensor.values<float>().end()};
}

}  // namespace lathe_test
