#include "core/options/node_entry.hpp"

#include "core/base/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {
namespace {

const Option* item(const NodeMapRules& rules, std::string_view key) {
  for (const Option& option : rules.option->items) {
    if (option.key == key) return &option;
  }
  return nullptr;
}

bool chooses_component(const NodeMapRules& rules) {
  const Option* name = item(rules, "name");
  return !rules.option->item_kind.empty() && (name == nullptr || name->choices.empty());
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Whether an option that needs no name is given, and says something.
bool says_beside(const Value& entry, const NodeMapRules& rules) {
  return std::ranges::any_of(rules.option->items, [&](const Option& option) {
    const Value* given = option.beside() ? entry.find(option.key) : nullptr;
    return given != nullptr && !given->is_none();
  });
}

std::string beside_keys_text(const NodeMapRules& rules) {
  std::string text;
  for (const Option& option : rules.option->items) {
    if (option.beside()) text += fmt::format(" or '{}'", option.key);
  }
  return text;
}

// What `name` says, checked; nothing for NA, and where an option that needs no name is given.
std::optional<std::string> chosen_name(const Value& entry, const NodeMapRules& rules) {
  const Value* name = entry.find("name");
  if (name == nullptr && says_beside(entry, rules)) return std::nullopt;
  if (name == nullptr) {
    throw usage_error(fmt::format("this entry of {} needs a 'name'{}; NA leaves a node as it is",
                                  rules.owner, beside_keys_text(rules)),
                      entry.position());
  }
  if (name->is_none()) return std::nullopt;
  const std::vector<std::string> accepted = accepted_names(rules);
  if (!name->is_string()) {
    throw usage_error(fmt::format("'name' takes one of {}'s names; got {} {}", rules.owner,
                                  name->kind_name(), name->text()),
                      name->position());
  }
  const std::string& word = name->as_string();
  if (auto known = accepted_name(word, rules)) return known;
  const std::string what = chooses_component(rules) ? rules.option->item_kind : "name";
  throw usage_error(
      fmt::format("{} knows no {} '{}'{}", rules.owner, what, word, suggestion(word, accepted)),
      name->position());
}

// An option of the chosen component under the name it has in the entry.
Option prefixed(const Option& option, const std::string& role) {
  Option result = option;
  result.key = role + "_" + option.key;
  return result;
}

bool any_key_starts(const Value& entry, std::string_view prefix) {
  const auto& entries = entry.as_map();
  return std::any_of(entries.begin(), entries.end(), [&](const Value::Entry& e) {
    return std::string_view(e.first).substr(0, prefix.size()) == prefix;
  });
}

[[noreturn]] void refuse_key(const Value::Entry& entry, const std::string& name,
                             const NodeMapRules& rules) {
  throw usage_error(fmt::format("unknown option '{}' of '{}' in {}{}", entry.first, name,
                                rules.owner, suggestion(entry.first, entry_keys(name, rules))),
                    entry.second.position());
}

bool is_bypassed(const Value& entry) {
  const Value* bypass = entry.find("bypass");
  return bypass != nullptr && bypass->as_bool();
}

const OptionTable* chosen_table(const std::string& name, const NodeMapRules& rules) {
  return chooses_component(rules) && rules.item_table ? rules.item_table(name) : nullptr;
}

// An entry without a name: what it says of options that need none. NA takes any others, because
// MASE's files leave a format's options beside a name that they switch off.
void check_nameless(const Value& entry, const NodeMapRules& rules) {
  for (const auto& [key, given] : entry.as_map()) {
    if (const Option* option = beside_option(key, rules)) {
      check_value(*option, given, rules.owner);
    } else if (entry.find("name") == nullptr && key != "bypass") {
      throw usage_error(fmt::format("'{}' in {} needs a 'name' beside it{}", key, rules.owner,
                                    suggestion(key, beside_keys(rules))),
                        given.position());
    }
  }
}

// Everything about an entry that needs no node; nothing for NA.
std::optional<std::string> checked_name(const Value& entry, const NodeMapRules& rules) {
  if (!entry.is_map()) {
    throw usage_error(fmt::format("an entry of {} is a table with a 'name'; got {} {}", rules.owner,
                                  entry.kind_name(), entry.text()),
                      entry.position());
  }
  const auto name = chosen_name(entry, rules);
  if (!name) {
    check_nameless(entry, rules);
    return std::nullopt;
  }
  const std::string owner = fmt::format("'{}' in {}", *name, rules.owner);
  for (const Value::Entry& given : entry.as_map()) {
    if (given.first == "name") continue;
    const auto option = entry_option(given.first, *name, rules);
    if (!option) refuse_key(given, *name, rules);
    check_value(*option, given.second, owner);
  }
  return name;
}

// Sets one option from the entry or its default. A required one that is missing is an error.
void fill(Value& result, const Option& option, const Value& entry, const std::string& owner) {
  if (const Value* given = entry.find(option.key)) {
    result.set(option.key, check_value(option, *given, owner));
  } else if (option.required()) {
    throw usage_error(
        fmt::format("{} needs the option '{}' ({})", owner, option.key, allowed_text(option)),
        entry.position());
  } else if (option.default_value) {
    result.set(option.key, check_value(option, *option.default_value, owner));
  } else if (option.nullable()) {
    result.set(option.key, Value());
  }
}

}  // namespace

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

std::optional<Option> entry_option(std::string_view key, const std::string& name,
                                   const NodeMapRules& rules) {
  if (key == "bypass") {
    Option bypass;
    bypass.key = "bypass";
    bypass.type = LATHE_OPTION_BOOL;
    return bypass;
  }
  if (const Option* own = item(rules, key)) return *own;
  const OptionTable* chosen = chosen_table(name, rules);
  if (chosen == nullptr) return std::nullopt;
  for (const std::string& role : rules.option->item_roles) {
    if (key.size() <= role.size() || key.substr(0, role.size()) != role) continue;
    if (key[role.size()] != '_') continue;
    if (const Option* option = chosen->find(key.substr(role.size() + 1))) {
      return prefixed(*option, role);
    }
  }
  return std::nullopt;
}

std::vector<std::string> entry_keys(const std::string& name, const NodeMapRules& rules) {
  std::vector<std::string> keys{"name", "bypass"};
  for (const Option& option : rules.option->items) {
    if (option.key != "name") keys.push_back(option.key);
  }
  if (const OptionTable* chosen = chosen_table(name, rules)) {
    for (const std::string& role : rules.option->item_roles) {
      for (const Option& option : chosen->options) keys.push_back(role + "_" + option.key);
    }
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

Value beside_options(const Value& entry, const NodeMapRules& rules, const Node& node) {
  const Value* bypass = entry.find("bypass");
  const bool bypassed = bypass != nullptr && bypass->is_bool() && bypass->as_bool();
  if (bypassed || !says_beside(entry, rules)) return Value();
  const std::string owner = fmt::format("{} (node '{}')", rules.owner, node.name);
  Value result{Value::Map{}};
  result.at(entry.position());
  result.set("name", Value());
  for (const Option& option : rules.option->items) {
    if (option.beside()) fill(result, option, entry, owner);
  }
  return result;
}

void check_node_entry(const Value& entry, const NodeMapRules& rules) { checked_name(entry, rules); }

Value node_options(const Value& entry, const NodeMapRules& rules, const Node& node,
                   const OpSet& ops) {
  const auto name = checked_name(entry, rules);
  if (!name) return beside_options(entry, rules, node);
  if (is_bypassed(entry)) return Value();
  const std::string owner = fmt::format("'{}' in {} (node '{}')", *name, rules.owner, node.name);
  Value result{Value::Map{}};
  result.at(entry.position());
  result.set("name", Value(*name).at(entry.find("name")->position()));
  for (const Option& option : rules.option->items) {
    if (option.key != "name") fill(result, option, entry, owner);
  }
  const OptionTable* chosen = chosen_table(*name, rules);
  if (chosen == nullptr) return result;
  const OpRow* row = ops.find(node.op);
  std::vector<std::string_view> roles;
  if (row != nullptr) roles = quantizable_roles(*row, node);
  for (const std::string& role : rules.option->item_roles) {
    // The output is quantized only if the user says so.
    const bool wanted = role == "data_out"
                            ? any_key_starts(entry, "data_out_")
                            : std::find(roles.begin(), roles.end(), role) != roles.end();
    if (!wanted) continue;
    for (const Option& option : chosen->options) fill(result, prefixed(option, role), entry, owner);
  }
  return result;
}

}  // namespace lathe
