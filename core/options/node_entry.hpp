// What one entry of a node map says: a `name`, and the options of what it chooses, prefixed by the
// role of the operand. Knows nothing about which nodes an entry is for.
#pragma once

#include "core/graph/graph.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/options/option.hpp"

#include <functional>

namespace lathe {

struct NodeMapRules {
  std::vector<std::string> targets;  // ops the pass can act on; empty: any
  const Option* option = nullptr;    // the LATHE_OPTION_NODE_MAP row
  std::string owner;                 // "pass 'quantize'"
  // The option table of a component that `name` may choose (item_kind), by id; null: unknown.
  std::function<const OptionTable*(std::string_view id)> item_table;
  std::vector<std::string> item_ids;  // all of them, for did-you-mean
  // What such an id may be called besides, or null: "fixed" -> "integer".
  std::string (*item_word)(std::string_view word) = nullptr;
  // Which ops of plugins the pass acts on besides its targets, which cannot know them; null: none.
  bool (*suits_plugin_op)(const OpRow& row) = nullptr;
};

// The options of one node from what one entry says: {name, data_in_width, ...}, checked, with the
// defaults of the chosen component for each role that the node's op has; options of other roles
// are dropped, as MASE's `default` entries need. None if `name` is none or `bypass` is true, unless
// the entry has an option that needs no name.
Value node_options(const Value& entry, const NodeMapRules& rules, const Node& node,
                   const OpSet& ops);
// The same of an entry without a name: {name: none, width: 2}, of the options that may stand beside
// another transform's name (LATHE_OPTION_FLAG_BESIDE). None if it gives none of them.
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
// The accepted name that a word means, itself or translated. Nothing if the rules accept neither.
std::optional<std::string> accepted_name(const std::string& word, const NodeMapRules& rules);

}  // namespace lathe
