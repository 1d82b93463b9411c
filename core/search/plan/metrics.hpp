// What a search measures: which scalars a pass says it publishes, and the refusal of a metric that
// nobody does.
#pragma once

#include "core/host/loss.hpp"
#include "core/mase/search_table.hpp"
#include "core/plugin/registry.hpp"

namespace lathe {

using Metric = SearchMetric;

// A scalar that a search reads of its runners, and what for.
struct ReadScalar {
  std::string_view role;  // "metric"
  std::string name;
  Position position;
};

// None if the pass promises nothing: then only a run tells.
std::optional<std::vector<std::string>> promised_scalars(const Component& pass);

// Whether a pass that promises it as a scalar publishes it in a run with that loss: scoring tells
// only the statistics that fit the loss.
bool publishes(const Component& pass, std::string_view scalar, Loss loss);

Error unpublished(const ReadScalar& scalar, const std::vector<std::string>& known);

}  // namespace lathe
