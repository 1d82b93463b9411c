// The search space: named parameters with their choices, and what a point of it means for the
// passes. MASE's seeds flatten to it: "seq_blocks_2/config/weight_width" -> [2, 4, 8].
// Knows no pass by name: a node's `name` routes it to the transform that accepts that value.
#pragma once

#include "core/pipeline/run_pipeline.hpp"

namespace lathe {

struct SearchParameter {
  std::string name;            // "seq_blocks_2/config/weight_width", "training/batch_size"
  std::vector<Value> choices;  // categorical
  // Where the value goes: node and key of a transform's node map, or (no node) a run option.
  NodeId node = NodeId::none;
  std::string key;  // "weight_width", "name", "batch_size"
  Position position;
};

// What a point means for one transform: checked, defaults filled in, in node order.
struct TransformOptions {
  const Component* transform = nullptr;
  std::vector<NodeOptions> nodes;
};

struct SpacePlan;  // each choice of each node, checked and resolved once

struct SearchSpace {
  std::vector<SearchParameter> parameters;  // in node order, then in file order; training last
  std::string by;                           // setup.by
  std::vector<std::string> warnings;        // unused seeds
  // Options of transforms themselves, from [search.search_space.setup.<pass>]; the others run with
  // their defaults.
  std::vector<std::pair<const Component*, Value>> transform_options;
  std::shared_ptr<const SpacePlan> plan;

  // Number of points, saturating at 2^63-1.
  std::uint64_t size() const;
  Value describe() const;  // {"size": 36, "parameters": {name: [choices]}}

  // Throws usage_error if some choice has no transform to go to, eg: name 'output_only' while no
  // plugin brings a transform that accepts it. A space can be built and described all the same.
  void check_runnable() const;

  // The transforms to run for a point, in the order to run them; those without nodes are left out.
  // `point` holds an index into the choices for each parameter. Costs microseconds: everything was
  // checked beforehand. Thread-safe. REQUIRES: check_runnable() passed.
  std::vector<TransformOptions> node_options(std::span<const double> point) const;
  // Run options that the space searches, eg: {batch_size: 256, learning_rate: 0.01}; else empty.
  Value run_options(std::span<const double> point) const;
};

// A point as MASE logs it: {"seq_blocks_2": {"config": {...}}, ..., "default": {...}, "by": ...}.
Value sampled_config(const SearchSpace& space, std::span<const double> point);

}  // namespace lathe
