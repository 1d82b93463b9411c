// The search space: named parameters with their choices, and what a point of it means for the
// passes. MASE's seeds flatten to it: "seq_blocks_2/config/weight_width" -> [2, 4, 8].
// Knows no pass by name: a node's `name` routes it to the transform that accepts that value.
#pragma once

#include "core/pipeline/run_pipeline.hpp"
#include "core/search/space/domain.hpp"

namespace lathe {

// What a parameter is for: a key of a transform's node map, a run option, an option of the model.
enum class SpacePart { node, training, model };

struct SearchParameter : Domain {
  // "seq_blocks_2/config/weight_width", "seq_blocks_2/config/weight/width", "training/batch_size",
  // "model/width".
  std::string name;
  SpacePart part = SpacePart::node;
  NodeId node = NodeId::none;
  std::string key;      // "weight_width", "name", "batch_size"
  std::string operand;  // of a node: in whose table the key stands, "weight"; empty: the node's own
  Position position;
  Value given;           // as the file has it
  Condition condition;   // when it exists
  bool as_real = false;  // of an option that takes any number: integers become such
  bool as_list = false;  // of an option that takes a list of integers: one becomes a list of one

  // The condition that the file writes; null: none.
  const Value* when() const { return given.is_map() ? given.find("when") : nullptr; }
};

// What a point means for one transform: checked, defaults filled in, in node order.
struct TransformOptions {
  const Component* transform = nullptr;
  std::vector<NodeOptions> nodes;
};

struct SpacePlan;  // each choice of each node, checked and resolved once

struct SearchSpace {
  // The model's first, then in node order and, with `name` first, in file order; training last.
  std::vector<SearchParameter> parameters;
  std::string by;                     // setup.by
  bool as_int = false;                // choices are asked as the integers 0, 1, ..., as MASE asks
  std::vector<std::string> warnings;  // unused seeds
  // Options of transforms themselves, from [search.search_space.setup.<pass>]; the others run with
  // their defaults.
  std::vector<std::pair<const Component*, Value>> transform_options;
  std::shared_ptr<const SpacePlan> plan;

  // Whether some range has no end of values.
  bool infinite() const;
  // Number of points as MASE counts them, every parameter with every other, saturating at 2^63-1.
  std::uint64_t size() const;
  // Number of different points: what does not exist is not counted. Nothing: there is no end.
  std::optional<std::uint64_t> networks() const;
  std::optional<PointCounts> point_counts() const;
  // Both in words, "4^100 = 1.6e60" where they do not fit; empty: there is no end.
  std::string size_text() const;
  std::string networks_text() const;
  // {"size": 36, "networks": 17, "parameters": {name: [choices] or {low, high, step, log}}}; with
  // an infinite range both counts are null, beyond 2^63-1 they are floats.
  Value describe() const;

  // Throws usage_error if some choice has no transform to go to, eg: name 'output_only' while no
  // plugin brings a transform that accepts it. A space can be built and described all the same.
  void check_runnable() const;

  // The transforms to run for a point, in the order to run them; those without nodes are left out.
  // `point` holds a number for each parameter. Costs microseconds: everything was
  // checked beforehand. Thread-safe. REQUIRES: check_runnable() passed.
  std::vector<TransformOptions> node_options(std::span<const double> point) const;
  // Run options that the space searches, eg: {batch_size: 256, learning_rate: 0.01}; else empty.
  Value run_options(std::span<const double> point) const;
  // Options that the model is built with, eg: {width: 16}; else empty.
  Value model_options(std::span<const double> point) const;
  bool has_part(SpacePart part) const;
};

// A parameter as a file writes it: its choices, its range, its condition if the file has one.
Value described(const SearchParameter& parameter);

// A point as MASE logs it, without what does not exist: {"seq_blocks_2": {"config": {...}}, ...,
// "default": {...}, "by": ...}.
Value sampled_config(const SearchSpace& space, std::span<const double> point);

}  // namespace lathe
