// What one entry of a node map says. Where `name` chooses a component for operands (a number
// format), each operand has one of its own: `weight = {name = "integer", width = 4}`, or, as MASE
// writes it, `name = "integer"` with `weight_width = 4`. Knows nothing about which nodes an entry
// is for.
#pragma once

#include "core/graph/graph.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/options/nodes/entry_keys.hpp"

namespace lathe {

// The options of one node from what one entry says, checked, with the defaults of what is chosen:
// {name, channel_multiplier, ...}, or, of components for operands, what belongs to no operand and
// then a table for each that gets one: {bypass, data_in: {name, width, ...}, weight: {...}}.
//   - Once an operand is named, by its table or an option with its prefix, others get nothing.
//   - If none is, all that the node has get what `name` chooses, the output excepted.
//   - NA in place of a table, or as its name, leaves that operand out.
// Operands that the node's op lacks are dropped, as MASE's `default` entries need. None if the
// entry's `name` is none or `bypass` is true, unless it has an option that needs no name.
Value node_options(const Value& entry, const NodeMapRules& rules, const Node& node,
                   const OpSet& ops);
// An option among them, as a user names it: "weight_width", "weight.width", "bypass". Null if there
// is none.
const Value* find_option(const Value& options, std::string_view key);
// The same of an entry without a name: {name: none, width: 2}, of the options that may stand beside
// another transform's name (LATHE_OPTION_FLAG_BESIDE). None if it gives none of them.
Value beside_options(const Value& entry, const NodeMapRules& rules, const Node& node);
// node_options() without a node.
void check_node_entry(const Value& entry, const NodeMapRules& rules);

}  // namespace lathe
