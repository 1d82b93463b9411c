// What a pass's node map may say: known from its option table and from the formats there are.
#pragma once

#include "core/options/nodes/node_map.hpp"
#include "core/plugin/registry.hpp"

namespace lathe {

// The options table of a format id, for node maps.
const OptionTable* format_table(const Registry& registry, std::string_view id);
// Built-in ops that a pass acts on, sorted: those it names, and if it chooses number formats all
// that one can sit on. Empty: any.
std::vector<std::string> targets_of(const Component& pass);
NodeMapRules node_map_rules(const Registry& registry, const Component& pass, const Option& option);

}  // namespace lathe
