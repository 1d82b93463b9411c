// The cases of golden/torch_ops.json: graphs with contents.
#pragma once

#include "tests/engine/engine.hpp"

#include "core/base/json.hpp"
#include "core/graph/io/json.hpp"

namespace lathe_test {

inline const json& torch_ops() {
  static const json cases = golden_json("torch_ops.json");
  return cases;
}

// Of any of the types that the file has.
inline Tensor typed_tensor(const json& kept) {
  const std::string dtype = kept.at("dtype");
  if (dtype == "float32") return tensor(kept);
  const Shape shape(kept.at("shape").get<std::vector<std::int64_t>>());
  if (dtype == "int64")
    return Tensor::of<std::int64_t>(DType::int64, shape,
                                    kept.at("data").get<std::vector<std::int64_t>>());
  std::vector<std::uint8_t> bits;
  for (const json& item : kept.at("data")) bits.push_back(item.get<bool>() ? 1 : 0);
  return Tensor::of<std::uint8_t>(DType::boolean, shape, bits);
}

inline Graph saved_graph(const json& one) {
  const lathe::Value written = lathe::value_of(lathe::Json::parse(one.at("graph").dump()));
  std::map<std::string, Tensor> contents;
  for (const auto& [name, kept] : one.at("tensors").items())
    contents.emplace(name, typed_tensor(kept));
  return lathe::graph_from_json(written, 0).with_parameters(contents);
}

}  // namespace lathe_test
