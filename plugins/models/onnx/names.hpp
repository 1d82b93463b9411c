// What nodes of a file are called in the graph: torch's modules where its scopes say them.
#pragma once

#include "graph.hpp"

namespace onnx_reader {

// "/layers.0/mlp/mlp.0/MatMul" lies in "layers.0.mlp.0"; empty: in the network itself, or the name
// has no scope. Where a part of it begins with the one before and a dot, it stands for both.
std::string scope_of(std::string_view name);

// "stem.0" of "stem.0.weight"; empty where the name is not of that kind.
std::string module_of_weight(std::string_view weight);

class Names {
 public:
  explicit Names(const Graph& graph);

  // The module that a node of a network is, one with weights: its scope, else that of the weight's
  // name, else its name, else `op`. `identity` says which module: others do not get its name.
  std::string with_weights(const Node& node, std::string_view weight, std::string_view op,
                           const std::string& identity);
  // Of a node without: empty where it is a function. In a scope that it does not have for itself it
  // is one; `parts`: of how many nodes it consists.
  std::string without_weights(const Node& node, std::string_view op, std::size_t parts = 1);
  // One that is not taken.
  std::string unscoped(const std::string& name) { return claimed(name, {}); }
  // What a function is to be called; empty: as torch.fx does.
  static std::string of_function(const Node& node);

 private:
  // A target that is free, or that of the module of that identity, where it has one.
  std::string claimed(const std::string& target, const std::string& identity);

  std::map<std::string, std::size_t> in_scope_;  // nodes in a scope, and below it
  std::set<std::string> taken_;
  std::map<std::string, std::int64_t> suffixes_;                        // last one tried, by target
  std::map<std::pair<std::string, std::string>, std::string> modules_;  // by target and identity
};

}  // namespace onnx_reader
