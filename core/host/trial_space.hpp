// What a search over a graph would choose from, and what its trials would make of the graph, for
// passes that ask. core/search implements it.
#pragma once

#include "core/graph/graph.hpp"

#include <lathe/svc/space.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lathe {

struct RunContext;

struct TrialParameter {
  std::string name;
  lathe_space_part part = LATHE_SPACE_NODE;
  std::vector<Value> choices;         // empty: a range of too many values
  std::optional<std::size_t> parent;  // none: it always exists
  std::vector<std::uint64_t> parent_choices;
};

class TrialSpace {
 public:
  virtual ~TrialSpace() = default;
  virtual const std::vector<TrialParameter>& parameters() const = 0;
  // REQUIRES: a choice below its count for each parameter. Throws run_error if the space has
  // parameters of the model, and what the transforms refuse.
  virtual Graph build(std::span<const std::uint64_t> choices) = 0;
};

// Opens the space as it is of a graph; the context must outlive what is returned. Throws
// usage_error for a space that does not fit the graph.
using OpenTrialSpace = std::function<std::unique_ptr<TrialSpace>(const Graph&, RunContext&)>;

}  // namespace lathe
