// The search space: named parameters with their choices, and what a point of it means for the
// passes. MASE's seeds flatten to it: "seq_blocks_2/config/weight_width" -> [2, 4, 8].
#pragma once

#include "core/pipeline/pipeline.hpp"

namespace lathe {

struct SearchParameter {
  std::string name;             // "seq_blocks_2/config/weight_width"
  std::vector<Value> choices;   // categorical
  // Where the value goes: node and key of a transform's node map, or a training option.
  NodeId node = NodeId::none;
  std::string key;              // "weight_width", "name"
};

struct SearchSpace {
  std::vector<SearchParameter> parameters;  // in node order, then in file order
  std::string by;                           // setup.by
  // Number of points, saturating at 2^63-1.
  std::uint64_t size() const;
  Value describe() const;  // {"size": 36, "parameters": {name: [choices]}}
};

// Seeds for every node some transform can act on: seed[node] or seed[op] or seed[default].
// (mase-behaviour.md f.4; golden/search_space.json.)
SearchSpace build_space(const Value& search_space, const Graph& graph, const Registry& registry);

// A point as MASE logs it: {"seq_blocks_2": {"config": {...}}, ..., "by": ...}.
Value sampled_config(const SearchSpace& space, std::span<const double> point);

}  // namespace lathe
