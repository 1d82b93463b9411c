#include "core/options/nodes/entry_keys.hpp"

#include <algorithm>

namespace lathe {
namespace {

const Option* item(const NodeMapRules& rules, std::string_view key) {
  for (const Option& option : rules.option->items) {
    if (option.key == key) return &option;
  }
  return nullptr;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

bool chooses_component(const NodeMapRules& rules) {
  const Option* name = item(rules, "name");
  return !rules.option->item_kind.empty() && (name == nullptr || name->choices.empty());
}

const OptionTable* chosen_table(const std::string& name, const NodeMapRules& rules) {
  return chooses_component(rules) && rules.item_table ? rules.item_table(name) : nullptr;
}

bool is_prefixed(std::string_view key, std::string_view role) {
  return key.size() > role.size() && key.starts_with(role) && key[role.size()] == '_';
}

Option prefixed(const Option& option, const std::string& role) {
  Option result = option;
  result.key = role + "_" + option.key;
  return result;
}

std::vector<std::string> accepted_names(const NodeMapRules& rules) {
  if (chooses_component(rules)) return rules.item_ids;
  const Option* name = item(rules, "name");
  return name == nullptr ? std::vector<std::string>{} : name->choices;
}

std::optional<std::string> accepted_name(const std::string& word, const NodeMapRules& rules) {
  const std::vector<std::string> accepted = accepted_names(rules);
  if (contains(accepted, word)) return word;
  if (chooses_component(rules) && rules.item_word != nullptr) {
    std::string translated = rules.item_word(word);
    if (contains(accepted, translated)) return translated;
  }
  return std::nullopt;
}

bool is_operand(std::string_view key, const NodeMapRules& rules) {
  return chooses_component(rules) &&
         std::ranges::find(rules.option->item_roles, key) != rules.option->item_roles.end();
}

OptionPlace place_of(std::string_view key, const NodeMapRules& rules) {
  for (const std::string& role : rules.option->item_roles) {
    if (item(rules, key) != nullptr || !is_prefixed(key, role)) continue;
    return {role, std::string(key.substr(role.size() + 1))};
  }
  return {"", std::string(key)};
}

std::optional<Option> entry_option(std::string_view key, const std::string& name,
                                   const NodeMapRules& rules) {
  if (key == "bypass") {
    Option bypass;
    bypass.key = "bypass";
    bypass.type = LATHE_OPTION_BOOL;
    return bypass;
  }
  if (const Option* own = item(rules, key)) return *own;
  const OptionPlace place = place_of(key, rules);
  if (place.role.empty()) return std::nullopt;
  const Option* option = operand_option(place.key, name, rules);
  return option == nullptr ? std::nullopt : std::optional(prefixed(*option, place.role));
}

const Option* operand_option(std::string_view key, const std::string& name,
                             const NodeMapRules& rules) {
  const OptionTable* chosen = chosen_table(name, rules);
  return chosen == nullptr ? nullptr : chosen->find(key);
}

std::vector<std::string> operand_keys(const std::string& name, const NodeMapRules& rules) {
  std::vector<std::string> keys{"name"};
  if (const OptionTable* chosen = chosen_table(name, rules)) {
    for (const Option& option : chosen->options) keys.push_back(option.key);
  }
  return keys;
}

std::vector<std::string> entry_keys(const std::string& name, const NodeMapRules& rules) {
  std::vector<std::string> keys{"name", "bypass"};
  for (const Option& option : rules.option->items) {
    if (option.key != "name" && option.key != "bypass") keys.push_back(option.key);
  }
  if (const OptionTable* chosen = chosen_table(name, rules)) {
    for (const std::string& role : rules.option->item_roles) {
      for (const Option& option : chosen->options) keys.push_back(role + "_" + option.key);
    }
    keys.insert(keys.end(), rules.option->item_roles.begin(), rules.option->item_roles.end());
  }
  return keys;
}

const Option* beside_option(std::string_view key, const NodeMapRules& rules) {
  const Option* option = item(rules, key);
  return option != nullptr && option->beside() ? option : nullptr;
}

std::vector<std::string> beside_keys(const NodeMapRules& rules) {
  std::vector<std::string> keys;
  for (const Option& option : rules.option->items) {
    if (option.beside()) keys.push_back(option.key);
  }
  return keys;
}

}  // namespace lathe
