// From [search.search_space] to a space: which transforms a search can drive, and what the seeds
// say about the nodes of a graph.
#pragma once

#include "core/search/space/space.hpp"

namespace lathe {

// A transform that a search can drive: it changes graphs and has a node map.
struct SpaceTransform {
  const Component* component = nullptr;
  NodeMapRules rules;
};
// Every such transform, in the order in which they apply to one graph: those that change shapes
// (their `name` has choices of its own) before those that choose a component (number formats).
// Two that accept the same name are an error.
std::vector<SpaceTransform> space_transforms(const Registry& registry);

// Seeds for every node some transform can act on: seed[node] or seed[op] (as setup.by says) or
// seed[default]; [search.search_space.training], whose keys are run options (batch_size,
// max_epochs, learning_rate, ...); and [search.search_space.model], whose keys are options of the
// model. Each key has a list of choices, a range, or either under a condition (read_domain.hpp).
// `model`: the model's options; null: none are known.
// (docs/mase.md, Search; golden/search_space.json.) Throws usage_error with the position.
SearchSpace build_space(const Value& search_space, const Graph& graph, const Registry& registry,
                        const OptionTable* model = nullptr);
SearchSpace build_space(const Value& search_space, const Graph& graph,
                        std::span<const SpaceTransform> transforms,
                        const OptionTable* model = nullptr);

}  // namespace lathe
