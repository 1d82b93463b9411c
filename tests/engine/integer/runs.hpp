// Programs of the engine on integers and on floats, laid open: results of any nodes, in portions of
// any size, and which layers ran on what. No LibTorch in this header.
#pragma once

#include "core/run/cache.hpp"
#include "core/run/codes/integer_layers.hpp"
#include "tests/engine/engine.hpp"

namespace lathe_test {

struct How {
  bool on_integers = true;          // whatever the instructions
  std::vector<NodeId> wanted = {};  // empty: what the output reads
  std::int64_t portion = 0;         // rows at once; 0: all
  std::int64_t batch = 0;           // rows that a number format sees at once; 0: all
  int threads = 1;
  lathe::run::Cache* cache = nullptr;        // of activations; null: none are kept
  const lathe::Registry* plugins = nullptr;  // null: the built-in ones
};

struct Ran {
  std::vector<Tensor> results;  // as `wanted`; all rows, one after the other
  // By node: the kernel of one that ran on integers, why one with formats did not.
  std::map<std::string, std::string> on_integers, on_floats;
};

Ran run_graph(const Graph& graph, const std::vector<Tensor>& inputs, const How& how);

// Whether this machine's products of bytes are exact, whatever the bytes.
bool instructions_are_exact();

inline std::vector<float> list(const Tensor& tensor) {
  return {tensor.values<float>().begin(), tensor.values<float>().end()};
}
inline bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::ranges::equal(a.bytes(), b.bytes());
}

}  // namespace lathe_test
