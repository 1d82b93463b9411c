#include "core/options/nodes/node_entry.hpp"

#include "core/base/words/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace lathe {
namespace {

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

// Whether an operand has a table of its own, or is left out by NA.
bool says_operands(const Value& entry, const NodeMapRules& rules) {
  return std::ranges::any_of(entry.as_map(),
                             [&](const Value::Entry& e) { return is_operand(e.first, rules); });
}

// Words that elsewhere say what NA says here.
bool means_none(std::string_view word) {
  constexpr std::string_view kWords[] = {"none", "null", "nil", "float", "float32",
                                         "fp32", "no",   "off", "na"};
  std::string small(word);
  for (char& c : small) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::ranges::find(kWords, small) != std::end(kWords);
}

// What a `name` says, checked; nothing for NA.
std::optional<std::string> known_name(const Value& name, const NodeMapRules& rules) {
  if (name.is_none()) return std::nullopt;
  if (!name.is_string()) {
    throw usage_error(fmt::format("'name' takes one of {}'s names; got {} {}", rules.owner,
                                  name.kind_name(), name.text()),
                      name.position());
  }
  const std::string& word = name.as_string();
  if (auto known = accepted_name(word, rules)) return known;
  const std::string what = chooses_component(rules) ? rules.option->item_kind : "name";
  if (means_none(word)) {
    throw usage_error(fmt::format("{} knows no {} '{}'; name = NA leaves nodes as they are",
                                  rules.owner, what, word),
                      name.position());
  }
  const std::string known_elsewhere =
      rules.about_item == nullptr ? std::string() : rules.about_item(what, word);
  throw usage_error(fmt::format("{} knows no {} '{}'{}{}", rules.owner, what, word, known_elsewhere,
                                suggestion(word, accepted_names(rules))),
                    name.position());
}

[[noreturn]] void refuse_nameless(const Value::Entry& given, const NodeMapRules& rules) {
  std::vector<std::string> known = beside_keys(rules);
  known.insert(known.end(), rules.option->item_roles.begin(), rules.option->item_roles.end());
  throw usage_error(fmt::format("'{}' in {} needs a 'name' beside it{}", given.first, rules.owner,
                                suggestion(given.first, known)),
                    given.second.position());
}

// The name of the entry; nothing for NA, and where what it says needs none.
std::optional<std::string> chosen_name(const Value& entry, const NodeMapRules& rules) {
  if (const Value* name = entry.find("name")) return known_name(*name, rules);
  if (says_beside(entry, rules) || says_operands(entry, rules)) return std::nullopt;
  // A table is meant for an operand.
  for (const Value::Entry& given : entry.as_map()) {
    if (given.second.is_map()) refuse_nameless(given, rules);
  }
  throw usage_error(fmt::format("this entry of {} needs a 'name'{}; name = NA leaves nodes as they "
                                "are",
                                rules.owner, beside_keys_text(rules)),
                    entry.position());
}

bool any_key_starts(const Value& entry, std::string_view role) {
  return std::ranges::any_of(entry.as_map(),
                             [&](const Value::Entry& e) { return is_prefixed(e.first, role); });
}

[[noreturn]] void refuse_key(const Value::Entry& entry, const std::string& name,
                             const NodeMapRules& rules) {
  const std::string& key = entry.first;
  if (operand_option(key, name, rules) != nullptr) {
    // An option of the component itself, of which each operand has its own.
    std::string flat;
    for (const std::string& role : rules.option->item_roles)
      flat += fmt::format("{}{}_{}", flat.empty() ? "" : ", ", role, key);
    throw usage_error(
        fmt::format("unknown option '{}' of '{}' in {}: each operand has its own; write {}, or a "
                    "table of an operand, eg: {} = {{{} = {}}}",
                    key, name, rules.owner, flat, rules.option->item_roles.front(), key,
                    entry.second.is_none() ? "NA" : entry.second.text()),
        entry.second.position());
  }
  throw usage_error(fmt::format("unknown option '{}' of '{}' in {}{}", key, name, rules.owner,
                                suggestion(key, entry_keys(name, rules))),
                    entry.second.position());
}

// "'integer' for 'weight' in pass 'quantize'".
std::string operand_owner(const std::string& name, std::string_view role,
                          const NodeMapRules& rules) {
  return fmt::format("'{}' for '{}' in {}", name, role, rules.owner);
}

// The name that an operand's table has, or takes from the entry; nothing for NA.
std::optional<std::string> operand_name(const Value::Entry& operand,
                                        const std::optional<std::string>& entry_name,
                                        const NodeMapRules& rules) {
  const auto& [role, table] = operand;
  if (table.is_none()) return std::nullopt;
  if (!table.is_map()) {
    throw usage_error(fmt::format("'{}' in {} takes a table with a 'name', or NA; got {} {}", role,
                                  rules.owner, table.kind_name(), table.text()),
                      table.position());
  }
  if (const Value* name = table.find("name")) return known_name(*name, rules);
  if (entry_name) return entry_name;
  throw usage_error(fmt::format("'{}' in {} needs a 'name', in its table or beside it; {} = NA "
                                "leaves the operand as it is",
                                role, rules.owner, role),
                    table.position());
}

void check_operand(const Value::Entry& operand, const std::optional<std::string>& entry_name,
                   const NodeMapRules& rules) {
  const auto name = operand_name(operand, entry_name, rules);
  if (!name) return;  // as in an entry, NA takes any options
  const std::string owner = operand_owner(*name, operand.first, rules);
  for (const auto& [key, given] : operand.second.as_map()) {
    if (key == "name") continue;
    const Option* option = operand_option(key, *name, rules);
    if (option == nullptr) {
      throw usage_error(fmt::format("unknown option '{}' of {}{}", key, owner,
                                    suggestion(key, operand_keys(*name, rules))),
                        given.position());
    }
    check_value(*option, given, owner);
  }
}

// Two ways of saying the options of one operand.
void refuse_both(const Value& entry, const NodeMapRules& rules) {
  for (const auto& [key, given] : entry.as_map()) {
    for (const std::string& role : rules.option->item_roles) {
      if (!is_prefixed(key, role) || entry.find(role) == nullptr) continue;
      throw usage_error(fmt::format("'{}' in {} stands beside '{}', which says all of that "
                                    "operand; move it inside",
                                    key, rules.owner, role),
                        given.position());
    }
  }
}

bool is_bypassed(const Value& entry) {
  const Value* bypass = entry.find("bypass");
  return bypass != nullptr && bypass->as_bool();
}

// An entry without a name: what it says of options that need none. NA takes any others, because
// MASE's files leave a format's options beside a name that they switch off.
void check_nameless(const Value& entry, const NodeMapRules& rules) {
  for (const auto& [key, given] : entry.as_map()) {
    if (const Option* option = beside_option(key, rules)) {
      check_value(*option, given, rules.owner);
    } else if (entry.find("name") == nullptr && key != "bypass") {
      if (!is_operand(key, rules)) refuse_nameless({key, given}, rules);
      check_operand({key, given}, std::nullopt, rules);
    }
  }
}

// Everything about an entry that needs no node. Its name; nothing for NA or none.
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
    if (is_operand(given.first, rules)) {
      check_operand(given, name, rules);
      continue;
    }
    const auto option = entry_option(given.first, *name, rules);
    if (!option) refuse_key(given, *name, rules);
    check_value(*option, given.second, owner);
  }
  refuse_both(entry, rules);
  return name;
}

// Sets one option, under `key`, from what is given under the option's own or its default. A
// required one that is missing is an error.
void fill(Value& result, std::string_view key, const Option& option, const Value& given,
          const std::string& owner) {
  if (const Value* value = given.find(option.key)) {
    result.set(key, check_value(option, *value, owner));
  } else if (option.required()) {
    throw usage_error(
        fmt::format("{} needs the option '{}' ({})", owner, option.key, allowed_text(option)),
        given.position());
  } else if (option.default_value) {
    result.set(key, check_value(option, *option.default_value, owner));
  } else if (option.nullable()) {
    result.set(key, Value());
  }
}
void fill(Value& result, const Option& option, const Value& given, const std::string& owner) {
  fill(result, option.key, option, given, owner);
}

// The operands of a node that an entry quantizes: those that it names; if it names none, but for
// those that it leaves out, all that the node has, the output excepted.
class Operands {
 public:
  Operands(const Value& entry, const std::optional<std::string>& name, const NodeMapRules& rules,
           const Node& node, const OpSet& ops)
      : entry_(entry), name_(name), rules_(rules), node_(node) {
    const OpRow* row = ops.find(node.op);
    if (row == nullptr) return;
    roles_ = quantizable_roles(*row, node);
    if (!roles_.empty()) roles_.push_back("data_out");
    for (const std::string& role : rules.option->item_roles) {
      const Value* table = entry.find(role);
      named_ = named_ || any_key_starts(entry, role) || (table != nullptr && chosen(role, *table));
    }
  }

  void add_to(Value& result) const {
    for (const std::string& role : rules_.option->item_roles) {
      if (std::ranges::find(roles_, role) == roles_.end()) continue;
      if (const Value* table = entry_.find(role)) {
        if (const auto own = chosen(role, *table)) result.set(role, from_table(role, *table, *own));
      } else if (name_ && (named_ ? any_key_starts(entry_, role) : role != "data_out")) {
        result.set(role, from_entry(role));
      }
    }
  }

 private:
  std::optional<std::string> chosen(const std::string& role, const Value& table) const {
    return operand_name({role, table}, name_, rules_);
  }
  Value named(const std::string& name) const {
    Value options{Value::Map{}};
    options.at(entry_.position());
    options.set("name", name);
    return options;
  }
  Value from_table(const std::string& role, const Value& table, const std::string& name) const {
    Value options = named(name);
    const std::string owner =
        fmt::format("{} (node '{}')", operand_owner(name, role, rules_), node_.name);
    for (const Option& option : chosen_table(name, rules_)->options) {
      fill(options, option, table, owner);
    }
    return options;
  }
  Value from_entry(const std::string& role) const {
    Value options = named(*name_);
    const std::string owner =
        fmt::format("'{}' in {} (node '{}')", *name_, rules_.owner, node_.name);
    for (const Option& option : chosen_table(*name_, rules_)->options) {
      fill(options, option.key, prefixed(option, role), entry_, owner);
    }
    return options;
  }

  const Value& entry_;
  const std::optional<std::string>& name_;
  const NodeMapRules& rules_;
  const Node& node_;
  std::vector<std::string_view> roles_;  // that a format can sit on
  bool named_ = false;
};

}  // namespace

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

const Value* find_option(const Value& options, std::string_view key) {
  if (const Value* own = options.find(key)) return own;
  for (const auto& [role, table] : options.as_map()) {
    const bool behind = key.size() > role.size() && key.starts_with(role) &&
                        (key[role.size()] == '_' || key[role.size()] == '.');
    if (behind && table.is_map()) return table.find(key.substr(role.size() + 1));
  }
  return nullptr;
}

Value node_options(const Value& entry, const NodeMapRules& rules, const Node& node,
                   const OpSet& ops) {
  const auto name = checked_name(entry, rules);
  const Value* given = entry.find("name");
  const bool left_alone = !name && (given != nullptr || !says_operands(entry, rules));
  if (left_alone) return beside_options(entry, rules, node);
  if (is_bypassed(entry)) return Value();
  const std::string owner =
      fmt::format("{}{} (node '{}')", name ? "'" + *name + "' in " : "", rules.owner, node.name);
  Value result{Value::Map{}};
  result.at(entry.position());
  const bool by_operand = chooses_component(rules) && !rules.option->item_roles.empty();
  if (name && !by_operand) result.set("name", Value(*name).at(given->position()));
  for (const Option& option : rules.option->items) {
    if (option.key != "name") fill(result, option, entry, owner);
  }
  if (by_operand) Operands(entry, name, rules, node, ops).add_to(result);
  return result;
}

}  // namespace lathe
