// What a search measures: which scalars a pass says it publishes, and the refusal of a metric that
// nobody does.
#pragma once

#include "core/host/loss.hpp"
#include "core/mase/search_table.hpp"
#include "core/plugin/registry.hpp"

namespace lathe {

using Metric = SearchMetric;

// None if the pass promises nothing: then only a run tells.
std::optional<std::vector<std::string>> promised_scalars(const Component& pass);

// Whether a pass that promises it as a scalar publishes it in a run with that loss: scoring tells
// only the statistics that fit the loss.
bool publishes(const Component& pass, std::string_view scalar, Loss loss);

Error unknown_metric(const Metric& metric, const std::vector<std::string>& known);

}  // namespace lathe
