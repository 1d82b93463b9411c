// Reads [search.search_space] against a graph. Knows no pass by name.
#include "core/search/space/build_space.hpp"

#include "core/base/words/suggest.hpp"
#include "core/mase/names.hpp"
#include "core/mase/words.hpp"
#include "core/options/training_options.hpp"
#include "core/options/words_elsewhere.hpp"
#include "core/search/space/conditions/conditions.hpp"
#include "core/search/space/equal_choices.hpp"
#include "core/search/space/module_calls.hpp"
#include "core/search/space/read_domain.hpp"
#include "core/search/space/space_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace lathe {
namespace {

const OptionTable& space_table() {
  static const OptionTable table = [] {
    OptionTable result{"[search.search_space]", {}};
    for (const char* key : {"name", "setup", "seed", "model", "training"}) {
      Option option;
      option.key = key;
      option.type = LATHE_OPTION_ANY;
      result.options.push_back(option);
    }
    return result;
  }();
  return table;
}

// A sub-table, or an empty one.
Value table_in(const Value& parent, std::string_view key) {
  const Value* value = parent.find(key);
  if (value == nullptr) return Value(Value::Map{}).at(parent.position());
  if (value->is_map()) return *value;
  throw usage_error(
      fmt::format("'{}' is a table; got {} {}", key, value->kind_name(), value->text()),
      value->position());
}

void check_name(const Value& given) {
  const Value* name = given.find("name");
  if (name == nullptr) return;
  if (name->is_string() && name->as_string() == "graph/quantize/mixed_precision_ptq") return;
  const std::string word = name->is_none() ? "NA" : name->text();
  throw usage_error(fmt::format("search space '{}' is not known{}; "
                                "graph/quantize/mixed_precision_ptq is the one",
                                word, about_mase_name("search_space", word)),
                    name->position());
}

// `by`, which seeds need, `as_int`, and a table for each transform that takes options of its own,
// eg: [search.search_space.setup.channel_multiplier] weights = "net2wider".
Value checked_setup(const Value& setup, bool seeds, std::span<const SpaceTransform> transforms) {
  OptionTable table{"[search.search_space.setup]", {}};
  Option by;
  by.key = "by";
  by.type = LATHE_OPTION_CHOICE;
  if (seeds) by.flags = LATHE_OPTION_FLAG_REQUIRED;
  by.choices = {"type", "name", "regex_name", "regx_name"};
  table.options.push_back(by);
  Option as_int;
  as_int.key = "as_int";
  as_int.type = LATHE_OPTION_BOOL;
  as_int.default_value = Value(false);
  table.options.push_back(as_int);
  for (const SpaceTransform& transform : transforms) {
    Option own;
    own.key = transform.component->id;
    own.type = LATHE_OPTION_ANY;
    table.options.push_back(own);
  }
  return check_options(table, setup);
}

// What the transform's node map is resolved to comes from the seeds, so it has no place in setup.
Value own_options(const Component& component, const Value& given) {
  if (!given.is_map()) {
    throw usage_error(fmt::format("'{}' of [search.search_space.setup] is a table of options of "
                                  "that pass; got {} {}",
                                  component.id, given.kind_name(), given.text()),
                      given.position());
  }
  Value checked = check_options(component.options, given);
  for (const Option& option : component.options.options) {
    const Value* map = checked.find(option.key);
    if (option.type != LATHE_OPTION_NODE_MAP || map == nullptr || !map->is_map()) continue;
    if (map->as_map().empty()) continue;
    const auto& [key, value] = map->as_map().front();
    throw usage_error(
        fmt::format("'{}' chooses nodes for {}; that belongs into [search.search_space.seed]", key,
                    component.options.owner),
        value.position());
  }
  return checked;
}

// An option that takes a list of integers takes one of them for a list of one.
Option single_of(const Option& option) {
  Option single = option;
  if (option.type == LATHE_OPTION_INT_LIST) single.type = LATHE_OPTION_INT;
  return single;
}

SearchParameter parameter_of(const std::string& prefix, const std::string& key, const Value& given,
                             std::vector<std::string>& warnings) {
  SearchParameter parameter;
  static_cast<Domain&>(parameter) = read_domain(key, given);
  parameter.name = prefix + key;
  parameter.key = key;
  parameter.position = given.position();
  parameter.given = given;
  merge_equal_choices(parameter, std::vector(parameter.choices), warnings);
  return parameter;
}

// Checks every value of the parameter of an option that stands for itself.
void check_parameter(SearchParameter& parameter, const Option& option, std::string_view owner,
                     std::vector<std::string>& warnings) {
  const Option single = single_of(option);
  parameter.as_real = option.type == LATHE_OPTION_FLOAT;
  parameter.as_list = option.type == LATHE_OPTION_INT_LIST;
  for (Value& choice : parameter.choices) {
    choice = check_value(parameter.as_list && choice.is_int() ? single : option, choice, owner);
  }
  merge_equal_choices(parameter, std::vector(parameter.choices), warnings);
  if (parameter.categorical()) return;
  settle_range(parameter, parameter.given, {&single, 1});
  check_range(parameter, parameter.given, single, owner);
}

// NA alone is a name; nothing for what is neither.
std::optional<Value> operand_table(const std::string& role, const Value& given) {
  if (given.is_map()) {
    if (!given.as_map().empty()) return given;
    throw usage_error(fmt::format("the table '{}' is empty", role), given.position());
  }
  const bool only_none = given.is_none() || (given.is_list() && given.as_list().size() == 1 &&
                                             given.as_list().front().is_none());
  if (!only_none) return std::nullopt;
  Value table{Value::Map{}};
  table.at(given.position());
  table.set("name", given);
  return table;
}

bool has_operand(const Node& node, const OpSet& ops, std::string_view role) {
  const OpRow* row = ops.find(node.op);
  if (row == nullptr) return false;
  const std::vector<std::string_view> roles = quantizable_roles(*row, node);
  return role == "data_out" ? !roles.empty() : std::ranges::find(roles, role) != roles.end();
}

Error unknown_model_option(const std::string& key, const Value& given, const OptionTable* model) {
  if (model == nullptr) {
    return usage_error(
        fmt::format("'{}' of [search.search_space.model] needs a model whose options "
                    "are known",
                    key),
        given.position());
  }
  std::vector<std::string> known;
  for (const Option& option : model->options) known.push_back(option.key);
  return usage_error(fmt::format("unknown option '{}' of {} in [search.search_space.model]{}", key,
                                 model->owner, suggestion(key, known)),
                     given.position());
}

class Builder {
 public:
  Builder(const Graph& graph, std::span<const SpaceTransform> transforms)
      : graph_(graph),
        transforms_(transforms),
        plan_(std::make_shared<SpacePlan>()),
        calls_(graph, plan_->nodes) {
    for (const SpaceTransform& transform : transforms) {
      plan_->transforms.push_back(transform.component);
    }
  }

  void add_seeds(const Value& seeds, const Value& setup) {
    const Value checked = checked_setup(setup, !seeds.as_map().empty(), transforms_);
    space_.as_int = checked.find("as_int")->as_bool();
    if (seeds.as_map().empty()) return;
    space_.by = checked.find("by")->as_string();
    for (const SpaceTransform& transform : transforms_) {
      const Value* given = checked.find(transform.component->id);
      if (given == nullptr) continue;
      space_.transform_options.emplace_back(transform.component,
                                            own_options(*transform.component, *given));
    }
    Value map = seeds;
    map.set("by", space_.by);
    const NodeMapRules rules = seed_rules();
    for (const auto& [node, entry] : select_entries(map, rules, graph_, space_.warnings)) {
      if (calls_.plan_again(node, *entry)) continue;
      add_node(graph_.node(node), node, *entry);
      calls_.planned(node);
    }
    calls_.check();
  }

  void add_training(const Value& training) {
    for (const auto& [key, given] : training.as_map()) {
      const auto& known = training_option_keys();
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        throw usage_error(fmt::format("'{}' of [search.search_space.training] cannot be searched{}",
                                      key, option_suggestion(key, known)),
                          given.position());
      }
      SearchParameter parameter = parameter_of("training/", key, given, space_.warnings);
      parameter.part = SpacePart::training;
      check_parameter(parameter, training_option(key), "[search.search_space.training]",
                      space_.warnings);
      space_.parameters.push_back(std::move(parameter));
    }
  }

  void add_model(const Value& options, const OptionTable* model) {
    for (const auto& [key, given] : options.as_map()) {
      const Option* option = model == nullptr ? nullptr : model->find(key);
      if (option == nullptr) throw unknown_model_option(key, given, model);
      SearchParameter parameter = parameter_of("model/", key, given, space_.warnings);
      parameter.part = SpacePart::model;
      check_parameter(parameter, *option, model->owner, space_.warnings);
      space_.parameters.push_back(std::move(parameter));
    }
  }

  SearchSpace done() {
    set_conditions(space_.parameters);
    space_.plan = std::move(plan_);
    return std::move(space_);
  }

 private:
  // Seeds are a node map of all transforms together.
  NodeMapRules seed_rules() const {
    NodeMapRules rules;
    rules.owner = "the search space";
    for (const SpaceTransform& transform : transforms_) {
      if (transform.rules.targets.empty()) {
        rules.targets.clear();
        rules.on_request.clear();
        return rules;
      }
      rules.targets.insert(rules.targets.end(), transform.rules.targets.begin(),
                           transform.rules.targets.end());
      rules.on_request.insert(rules.on_request.end(), transform.rules.on_request.begin(),
                              transform.rules.on_request.end());
      // There is one such rule, of those that choose number formats.
      if (transform.rules.suits_plugin_op != nullptr) {
        rules.suits_plugin_op = transform.rules.suits_plugin_op;
      }
    }
    if (rules.targets.empty()) {
      throw usage_error("no loaded plugin brings a transform that a search space could drive");
    }
    return rules;
  }

  // What hangs on the name comes after it, and what on the bypass after that.
  std::vector<SearchParameter>::const_iterator place_of(const std::string& key,
                                                        std::size_t first) const {
    const auto begin = space_.parameters.begin() + static_cast<std::ptrdiff_t>(first);
    if (key == "name") return begin;
    if (key != "bypass") return space_.parameters.end();
    const bool named = begin != space_.parameters.end() && begin->key == "name";
    return named && begin->operand.empty() ? begin + 1 : begin;
  }

  bool is_operand(std::string_view key) const {
    return std::ranges::any_of(transforms_, [&](const SpaceTransform& transform) {
      return lathe::is_operand(key, transform.rules);
    });
  }

  // The table of an operand: its name first, then the rest in file order. Left out where the op
  // lacks the operand.
  void add_operand(const Node& node, NodeId id, const std::string& role, const Value& given) {
    const std::optional<Value> table = operand_table(role, given);
    if (!table) {
      throw usage_error(
          fmt::format("'{}' in the seed of node '{}' takes a table of choices, eg: {} = {{name = "
                      "[\"integer\"], width = [4, 8]}}, or NA; got {}",
                      role, node.name, role, given.text()),
          given.position());
    }
    if (!has_operand(node, graph_.ops(), role)) return;
    const auto first = static_cast<std::ptrdiff_t>(space_.parameters.size());
    for (const auto& [key, choices] : table->as_map()) {
      SearchParameter parameter = parameter_of(fmt::format("{}/config/{}/", node.name, role), key,
                                               choices, space_.warnings);
      parameter.node = id;
      parameter.operand = role;
      space_.parameters.insert(
          key == "name" ? space_.parameters.begin() + first : space_.parameters.end(),
          std::move(parameter));
    }
  }

  void add_node(const Node& node, NodeId id, const Value& entry) {
    const std::size_t first = space_.parameters.size();
    const std::string prefix = fmt::format("{}/config/", node.name);
    if (entry.as_map().empty()) {
      throw usage_error(fmt::format("the seed of node '{}' is empty", node.name), entry.position());
    }
    for (const auto& [key, given] : entry.as_map()) {
      if (is_operand(key)) {
        add_operand(node, id, key, given);
        continue;
      }
      SearchParameter parameter = parameter_of(prefix, key, given, space_.warnings);
      parameter.node = id;
      space_.parameters.insert(place_of(key, first), std::move(parameter));
    }
    const std::size_t count = space_.parameters.size() - first;
    if (count == 0) return;  // tables of operands that the op lacks
    if (!plan_node(space_, first, count, node, graph_.ops(), transforms_, plan_->nodes)) {
      space_.parameters.resize(first);
    }
  }

  const Graph& graph_;
  std::span<const SpaceTransform> transforms_;
  SearchSpace space_;
  std::shared_ptr<SpacePlan> plan_;
  ModuleCalls calls_;
};

const Option* node_map_of(const Component& component) {
  for (const Option& option : component.options.options) {
    if (option.type == LATHE_OPTION_NODE_MAP) return &option;
  }
  return nullptr;
}

bool has_own_names(const SpaceTransform& transform) {
  for (const Option& option : transform.rules.option->items) {
    if (option.key == "name") return !option.choices.empty();
  }
  return transform.rules.option->item_kind.empty();
}

void refuse_shared_names(const std::vector<SpaceTransform>& transforms) {
  std::map<std::string, const Component*> owners;
  for (const SpaceTransform& transform : transforms) {
    for (const std::string& name : accepted_names(transform.rules)) {
      const auto [known, added] = owners.emplace(name, transform.component);
      if (added) continue;
      throw usage_error(fmt::format(
          "the passes '{}' ({}) and '{}' ({}) both accept the name '{}' for a node, so a search "
          "cannot tell them apart; leave one of the plugins out",
          known->second->id, known->second->file.string(), transform.component->id,
          transform.component->file.string(), name));
    }
  }
}

}  // namespace

std::vector<SpaceTransform> space_transforms(const Registry& registry) {
  std::vector<SpaceTransform> transforms;
  for (const std::string& id : registry.ids(Kind::pass)) {
    const Component& component = registry.find(Kind::pass, id);
    if (!component.has(LATHE_FLAG_MUTATES_GRAPH)) continue;
    if (const Option* option = node_map_of(component)) {
      transforms.push_back({&component, node_map_rules(registry, component, *option)});
    }
  }
  std::stable_partition(transforms.begin(), transforms.end(), has_own_names);
  refuse_shared_names(transforms);
  return transforms;
}

SearchSpace build_space(const Value& search_space, const Graph& graph, const Registry& registry,
                        const OptionTable* model) {
  return build_space(search_space, graph, space_transforms(registry), model);
}

SearchSpace build_space(const Value& search_space, const Graph& graph,
                        std::span<const SpaceTransform> transforms, const OptionTable* model) {
  const Value given = check_options(space_table(), search_space);
  check_name(given);
  Builder builder(graph, transforms);
  builder.add_model(table_in(given, "model"), model);
  builder.add_seeds(table_in(given, "seed"), table_in(given, "setup"));
  builder.add_training(table_in(given, "training"));
  SearchSpace space = builder.done();
  if (space.parameters.empty()) {
    throw usage_error(
        "the search space is empty: [search.search_space.seed] says nothing about any node of this "
        "graph, and there is no [search.search_space.training] or [search.search_space.model]",
        search_space.position());
  }
  return space;
}

}  // namespace lathe
