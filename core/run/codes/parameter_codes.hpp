// What number formats make of the weights and biases of a network, as integer codes: what is stored
// of it where codes are all that is stored.
#pragma once

#include "core/graph/graph.hpp"
#include "core/host/instances/integer_codes.hpp"
#include "core/plugin/registry.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lathe::run {

struct ParameterCodes {
  std::string name;      // qualified: "fc.weight"
  OperandFormat format;  // that sits on it
  // Nothing: there are none, for the reason in `why_none`, and `values` are what the format makes.
  std::optional<IntegerCodes> codes;
  Tensor values;
  std::string why_none;  // "format 'x' has no integer codes"
};

// Of every weight and bias that a format sits on, in the order of the graph and each once, with the
// state that the graph has. Throws an error that names the parameter: for a NaN, which has no code,
// and for one that two nodes with different state of their formats make different things of.
std::vector<ParameterCodes> parameter_codes(const Registry& registry, const Graph& graph);

}  // namespace lathe::run
