// Selectors: which options belong to which node. Resolves MASE's `by` (type, name, regex_name, also
// spelt regx_name), `default`, op, node and regex keys against a graph, in file order.
// A key that names an op or a node of the graph is legal under any `by`; one that is neither is an
// error with the nearest name; unused ones are warnings.
#pragma once

#include "core/graph/graph.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/options/option.hpp"

#include <functional>

namespace lathe {

struct NodeOptions {
  NodeId node;
  Value options;  // a map with `name`; prefixed options of the chosen format filled in and checked
};

struct NodeMapRules {
  std::vector<std::string> targets;  // ops the pass can act on; empty: any
  const Option* option = nullptr;    // the LATHE_OPTION_NODE_MAP row
  std::string owner;                 // "pass 'quantize'"
  // The option table of a component that `name` may choose (item_kind), by id; null: unknown.
  std::function<const OptionTable*(std::string_view id)> item_table;
  std::vector<std::string> item_ids;  // all of them, for did-you-mean
};

// Reads `map` ({by, default, <key>: {config: {...}} or {...}}) for a graph. Nodes whose name is
// none are left out. Warnings (unused keys) are appended.
std::vector<NodeOptions> resolve_node_map(const Value& map, const NodeMapRules& rules,
                                          const Graph& graph, std::vector<std::string>& warnings);

// The same without a graph: everything that can be refused before a model is built.
void check_node_map(const Value& map, const NodeMapRules& rules);

// The parts of which that is made, shared with search spaces.

// The entry for each node that the rules' targets include, in graph order: the options themselves,
// without a `config` table around them. Entries are not looked into.
struct SelectedEntry {
  NodeId node;
  const Value* entry;  // points into the map
};
std::vector<SelectedEntry> select_entries(const Value& map, const NodeMapRules& rules,
                                          const Graph& graph, std::vector<std::string>& warnings);
// Which entry applies to a node, or null: the selection rule alone.
const Value* select_entry(const Value& map, std::string_view by, const Node& node);

// The options of one node from what one entry says: {name, data_in_width, ...}, checked, with the
// defaults of the chosen component for each role that the node's op has; options of other roles
// are dropped, as MASE's `default` entries need. None if `name` is none or `bypass` is true, unless
// the entry has an option that needs no name.
Value node_options(const Value& entry, const NodeMapRules& rules, const Node& node,
                   const OpSet& ops);
// The same of an entry without a name: {name: none, width: 2}, of the options that may stand beside
// another transform's name (LATHE_BESIDE). None if it gives none of them.
Value beside_options(const Value& entry, const NodeMapRules& rules, const Node& node);
// Such an option, or null; and the keys of all of them.
const Option* beside_option(std::string_view key, const NodeMapRules& rules);
std::vector<std::string> beside_keys(const NodeMapRules& rules);
// node_options() without a node.
void check_node_entry(const Value& entry, const NodeMapRules& rules);
// The option that a key of an entry stands for when `name` is chosen, under that key:
// "weight_width" with a format's range. Nothing if there is none.
std::optional<Option> entry_option(std::string_view key, const std::string& name,
                                   const NodeMapRules& rules);
// Every key that an entry may have when `name` is chosen.
std::vector<std::string> entry_keys(const std::string& name, const NodeMapRules& rules);

// Values that `name` may have under these rules: its own choices, or the ids of components.
std::vector<std::string> accepted_names(const NodeMapRules& rules);
// The accepted name that a word means: itself, or what MASE's word for it is here ("fixed" ->
// "integer"). Nothing if the rules do not accept it.
std::optional<std::string> accepted_name(const std::string& word, const NodeMapRules& rules);
// Whether the rules' targets include an op.
bool acts_on(const NodeMapRules& rules, std::string_view op);

}  // namespace lathe
