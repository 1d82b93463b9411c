// Data sets of any fields, for tests of the loops.
#pragma once

#include "tests/engine/engine.hpp"

namespace lathe_test {

inline lathe::Field input(std::string name, Shape shape, DType dtype = DType::float32) {
  return {std::move(name), LATHE_FIELD_INPUT, dtype, std::move(shape), true, 0, {}};
}
// Of one row of that tensor.
inline lathe::Field target_field(std::string name, const Tensor& target, std::int64_t classes = 0) {
  const auto& dims = target.shape().dims();
  return {std::move(name),
          LATHE_FIELD_TARGET,
          target.dtype(),
          Shape(std::vector<std::int64_t>(dims.begin() + 1, dims.end())),
          true,
          classes,
          {}};
}
inline lathe::Field weight_field(std::string name) {
  return {std::move(name), LATHE_FIELD_WEIGHT, DType::float32, {}, true, 0, {}};
}

// The contents of parameters by qualified name.
inline Graph with_contents(const Graph& graph,
                           const std::map<std::string, std::vector<float>>& of) {
  std::map<std::string, Tensor> contents;
  for (const auto& named : graph.parameters()) {
    const auto found = of.find(named.parameter->qualified_name);
    if (found == of.end()) continue;
    contents.emplace(found->first, floats(named.parameter->shape, found->second));
  }
  return graph.with_parameters(contents);
}

inline std::vector<float> contents_of(const Graph& graph, const std::string& qualified_name) {
  for (const auto& named : graph.parameters()) {
    if (named.parameter->qualified_name != qualified_name) continue;
    const auto values = named.parameter->content->tensor().values<float>();
    return {values.begin(), values.end()};
  }
  return {};
}

}  // namespace lathe_test
