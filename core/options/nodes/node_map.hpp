// Selectors: which options belong to which node. Resolves MASE's `by` (type, name, regex_name, also
// spelt regx_name), `default`, op, node and regex keys against a graph, in file order.
// A key that names an op or a node of the graph is legal under any `by`; one that is neither is an
// error with the nearest name; unused ones are warnings.
#pragma once

#include "core/options/nodes/node_entry.hpp"

namespace lathe {

struct NodeOptions {
  NodeId node;
  Value options;  // see node_options()
};

// Reads `map` ({by, default, <key>: {config: {...}} or {...}}) for a graph. Nodes whose name is
// none are left out. Warnings (unused keys) are appended.
std::vector<NodeOptions> resolve_node_map(const Value& map, const NodeMapRules& rules,
                                          const Graph& graph, std::vector<std::string>& warnings);

// The same without a graph: everything that can be refused before a model is built.
void check_node_map(const Value& map, const NodeMapRules& rules);

// The parts of which that is made, shared with search spaces.

// The entry for each node that the rules' ops include, in graph order: the options themselves,
// without a `config` table around them. Entries are not looked into.
struct SelectedEntry {
  NodeId node;
  const Value* entry;  // points into the map
};
std::vector<SelectedEntry> select_entries(const Value& map, const NodeMapRules& rules,
                                          const Graph& graph, std::vector<std::string>& warnings);

// Whether the pass acts on an op: one of its targets, or one of a plugin's that suits it.
bool acts_on(const NodeMapRules& rules, const OpRow& row);

}  // namespace lathe
