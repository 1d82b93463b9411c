// The names and keys that an entry of a node map may have, as a pass's option table and the
// components that there are say it. Knows nothing about what an entry gives them.
#pragma once

#include "core/options/option.hpp"

#include <functional>

namespace lathe {

struct OpRow;

struct NodeMapRules {
  std::vector<std::string> targets;  // ops the pass acts on; empty: any
  // Further ones that it acts on if an entry is for them: their op or name, or a pattern that
  // matches no node of the first kind. `default` is not.
  std::vector<std::string> on_request;
  const Option* option = nullptr;  // the LATHE_OPTION_NODE_MAP row
  std::string owner;               // "pass 'quantize'"
  // The option table of a component that `name` may choose (item_kind), by id; null: unknown.
  std::function<const OptionTable*(std::string_view id)> item_table;
  std::vector<std::string> item_ids;  // all of them, for did-you-mean
  // What such an id may be called besides, or null: "fixed" -> "integer".
  std::string (*item_word)(std::string_view word) = nullptr;
  // What to say of an unknown one besides that, or null: ": a format of X's that ...".
  std::string (*about_item)(std::string_view kind, std::string_view word) = nullptr;
  // Which ops of plugins the pass acts on besides its targets, which cannot know them; null: none.
  bool (*suits_plugin_op)(const OpRow& row) = nullptr;
};

// Whether `name` chooses a component, and of which table its options then are; null: of none.
bool chooses_component(const NodeMapRules& rules);
const OptionTable* chosen_table(const std::string& name, const NodeMapRules& rules);

// MASE's flat spelling of an operand's options: "weight_width".
bool is_prefixed(std::string_view key, std::string_view role);
Option prefixed(const Option& option, const std::string& role);

// The option that a key of an entry stands for when `name` is chosen, under that key:
// "weight_width" with a format's range. Nothing if there is none.
std::optional<Option> entry_option(std::string_view key, const std::string& name,
                                   const NodeMapRules& rules);
// Whether a key of an entry is the role of an operand: it then has a table of its own.
bool is_operand(std::string_view key, const NodeMapRules& rules);
// An option of such a table when `name` is chosen there, or null; and the keys of all of them.
const Option* operand_option(std::string_view key, const std::string& name,
                             const NodeMapRules& rules);
std::vector<std::string> operand_keys(const std::string& name, const NodeMapRules& rules);
// Where a key of an entry ends up: "weight_width" in the table `weight` under "width".
struct OptionPlace {
  std::string role;  // empty: among what belongs to no operand
  std::string key;
};
OptionPlace place_of(std::string_view key, const NodeMapRules& rules);
// Every key that an entry may have when `name` is chosen.
std::vector<std::string> entry_keys(const std::string& name, const NodeMapRules& rules);

// Values that `name` may have under these rules: its own choices, or the ids of components.
std::vector<std::string> accepted_names(const NodeMapRules& rules);
// The accepted name that a word means, itself or translated. Nothing if the rules accept neither.
std::optional<std::string> accepted_name(const std::string& word, const NodeMapRules& rules);
// An option that may stand without a name, or beside that of another transform, or null; and the
// keys of all of them.
const Option* beside_option(std::string_view key, const NodeMapRules& rules);
std::vector<std::string> beside_keys(const NodeMapRules& rules);

}  // namespace lathe
