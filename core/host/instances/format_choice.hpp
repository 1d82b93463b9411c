// A number format with options as a plugin names it, turned into what a graph stores. The same
// choice is made for each operand of each trial of a search, so answers are kept.
#pragma once

#include "core/graph/node.hpp"
#include "core/plugin/registry.hpp"

#include <lathe/value.h>

namespace lathe {

// The operand format without its role: options checked, defaults filled in, precision and
// plugin hash asked of the format once. `options` may be null: all defaults. Thread-safe; kept for
// the life of the process. Throws usage_error for an unknown format or wrong options.
const OperandFormat& format_choice(const Registry& registry, std::string_view format,
                                   const lathe_value* options);

// The same for one operand of a node, whose row it is: with its role and the state that the format
// keeps there.
OperandFormat operand_format(const Registry& registry, std::string_view format,
                             const lathe_value* options, std::string_view role, const Node& node,
                             const OpRow& row);

}  // namespace lathe
