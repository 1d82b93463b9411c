// What an op of a plugin says of itself before any of its functions is called, read and checked
// when its file is loaded.
#pragma once

#include "core/options/option.hpp"

#include <lathe/kind/op.h>

#include <optional>
#include <string>
#include <vector>

namespace lathe {

struct OpDescription {
  std::string module_class;               // empty: never a module
  std::optional<std::string> extra_repr;  // none: name=value of all attributes
  std::vector<std::string> inputs;        // of the module
  std::string function;                   // empty: never a function
  std::vector<std::string> signature;
  std::vector<std::string> input_roles, quantizable;
};

// Throws usage_error with what is wrong: the caller adds whose it is. `attributes` is the
// component's option table.
OpDescription describe_op(const lathe_op& op, const OptionTable& attributes);

// "{normalized_shape}, eps={eps}": the names in braces, in order. Throws usage_error for a brace
// that has no partner.
std::vector<std::string> names_in_braces(const std::string& text);

}  // namespace lathe
