// What a search measures: which scalars a pass says it publishes, and the refusal of a metric that
// nobody does.
#pragma once

#include "core/mase/search_table.hpp"
#include "core/plugin/registry.hpp"

namespace lathe {

using Metric = SearchMetric;

// None if the pass promises nothing: then only a run tells.
std::optional<std::vector<std::string>> promised_scalars(const Component& pass);

Error unknown_metric(const Metric& metric, const std::vector<std::string>& known);

}  // namespace lathe
