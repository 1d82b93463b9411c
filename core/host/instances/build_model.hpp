// The graph that a model plugin describes.
#pragma once

#include "core/host/run.hpp"

namespace lathe {

// REQUIRES: `options` are checked (check_options) against component.options.
// Builds the graph of a model for `info`, with placeholders of that batch size.
Graph build_model(const Component& component, const Value& options, const DatasetInfo& info,
                  std::int64_t batch, std::uint64_t seed, RunContext& context);

}  // namespace lathe
