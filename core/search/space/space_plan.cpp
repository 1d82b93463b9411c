// Resolves a node's choices against the transforms that accept them. Knows nothing about files or
// samplers.
#include "core/search/space/space_plan.hpp"

#include "core/base/words/suggest.hpp"
#include "core/search/space/conditions/unsaid_conditions.hpp"
#include "core/search/space/equal_choices.hpp"
#include "core/search/space/node_names.hpp"
#include "core/search/space/read_domain.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {
namespace {

constexpr std::string_view kName = "name";

Value without_positions(const Value& value) {
  Value result = value;
  result.at({});
  if (result.is_list()) {
    for (Value& item : result.as_list()) item = without_positions(item);
  } else if (result.is_map()) {
    for (auto& [key, item] : result.as_map()) item = without_positions(item);
  }
  return result;
}

std::vector<std::string> every_name(std::span<const SpaceTransform> transforms) {
  std::vector<std::string> names;
  for (const SpaceTransform& transform : transforms) {
    const auto more = accepted_names(transform.rules);
    names.insert(names.end(), more.begin(), more.end());
  }
  return names;
}

// What a name chooses for: the node, or the operand whose table it stands in.
struct Scope {
  std::string operand;  // empty: the node, and operands whose tables have no name
  std::size_t name;
};

// One node's parameters, and what they mean to the transforms.
class NodePlanner {
 public:
  NodePlanner(SearchSpace& space, std::size_t first, std::size_t count, const Node& node,
              const OpSet& ops, std::span<const SpaceTransform> transforms)
      : parameters_(space.parameters),
        warnings_(space.warnings),
        first_(first),
        end_(first + count),
        node_(node),
        ops_(ops),
        transforms_(transforms),
        names_(parameters_, first, node, transforms) {}

  bool plan(std::vector<PlannedNode>& into) {
    names_.check_keys();
    if (!names_.is_for_this_node()) return false;
    names_.settle_ranges();
    if (names_.name() != kNoParameter) merge_equal_names(names_.name());
    for (const auto& table : names_.tables()) merge_equal_names(table.name);
    const std::size_t before = into.size();
    if (names_.name() != kNoParameter) into.push_back(planned({"", names_.name()}));
    for (const std::size_t transform : names_.beside()) {
      if (names_.acts_here(transform)) into.push_back(planned_beside(transform));
    }
    const std::size_t own = into.size();
    for (const auto& [operand, name] : names_.tables()) into.push_back(planned({operand, name}));
    const std::span<const PlannedNode> plans = std::span(into).subspan(before);
    set_unsaid_conditions(std::span(parameters_).subspan(0, end_), first_, names_.name(),
                          plans.first(own - before));
    for (const PlannedNode& table : plans.subspan(own - before)) {
      set_table_conditions(std::span(parameters_).subspan(0, end_), first_, names_.name(), table);
    }
    return true;
  }

 private:
  // Words for one thing, eg: a format and MASE's name of it; and names of passes that leave this
  // node as it is, which is what NA says.
  void merge_equal_names(std::size_t name) {
    std::vector<Value> meanings;
    for (const Value& choice : parameters_[name].choices) {
      const NodeNames::Routed routed = names_.route(choice);
      const bool known = routed.transform != kNoParameter;
      if (known && !names_.acts_here(routed.transform)) {
        meanings.emplace_back();
      } else {
        meanings.push_back(known ? Value(routed.name) : choice);
      }
    }
    merge_equal_choices(parameters_[name], meanings, warnings_);
  }

  bool in_scope(std::size_t parameter, const Scope& scope) const {
    return parameter != scope.name && names_.name_of(parameter) == scope.name &&
           (scope.operand.empty() || parameters_[parameter].operand == scope.operand);
  }

  PlannedOption varying(std::size_t parameter, const Option& option, std::string_view owner) const {
    const SearchParameter& given = parameters_[parameter];
    PlannedOption result{0, kNoParameter, parameter, {}, false, {}};
    for (const Value& value : given.choices) {
      result.values.push_back(without_positions(check_value(option, value, owner)));
    }
    if (given.categorical()) return result;
    check_range(given, given.given, option, owner);
    result.as_real = option.type == LATHE_OPTION_FLOAT;
    return result;
  }

  // Some value of a parameter, for an entry that is checked as a whole.
  const Value& example(std::size_t parameter) const {
    const SearchParameter& given = parameters_[parameter];
    return given.categorical() ? given.choices.front() : *given.given.find("low");
  }

  PlannedNode planned(const Scope& scope) const {
    PlannedNode result{parameters_[scope.name].node, scope.name, {}, {}};
    for (const Value& choice : parameters_[scope.name].choices) {
      result.names.push_back(planned_name(scope, choice));
    }
    return result;
  }

  // Where the name is this transform's own, its options are part of what the name says.
  PlannedNode planned_beside(std::size_t transform) const {
    const std::size_t name = names_.name();
    PlannedNode result{parameters_[first_].node, name, {}, beside(transform)};
    if (name == kNoParameter) {
      result.names.push_back(result.otherwise);
      return result;
    }
    for (const Value& choice : parameters_[name].choices) {
      const bool own = names_.route(choice).transform == transform;
      result.names.push_back(own ? PlannedName{} : beside(transform));
    }
    return result;
  }

  PlannedName beside(std::size_t transform) const {
    PlannedName result;
    const NodeMapRules& rules = transforms_[transform].rules;
    Value entry{Value::Map{}};
    for (std::size_t i = first_; i < end_; ++i) {
      const SearchParameter& parameter = parameters_[i];
      const Option* option = names_.beside_option_of(i, transform);
      if (option == nullptr) continue;
      PlannedOption varied = varying(i, *option, rules.owner);
      // A choice that says something: with NA alone there is nothing to plan.
      const auto said = std::find_if(varied.values.begin(), varied.values.end(),
                                     [](const Value& value) { return !value.is_none(); });
      if (said != varied.values.end()) {
        entry.set(parameter.key, *said);
      } else if (!parameter.categorical()) {
        entry.set(parameter.key, example(i));
      }
      result.varying.push_back(std::move(varied));
    }
    result.options = without_positions(beside_options(entry, rules, node_));
    if (result.options.is_none()) return {};
    result.transform = transform;
    place_options(result);
    return result;
  }

  PlannedName refused(const Scope& scope, const Value& choice) const {
    PlannedName result;
    result.position = choice.position();
    result.refusal =
        fmt::format("no loaded transform accepts the name '{}' of node '{}'{}", choice.text(),
                    node_.name, suggestion(choice.text(), every_name(transforms_)));
    for (std::size_t i = first_; i < end_; ++i) {
      if (in_scope(i, scope)) result.reads.push_back(i);
    }
    return result;
  }

  PlannedName planned_name(const Scope& scope, const Value& choice) const {
    PlannedName result;
    result.position = choice.position();
    if (choice.is_none()) return result;
    const NodeNames::Routed routed = names_.route(choice);
    if (routed.transform == kNoParameter) return refused(scope, choice);
    if (!names_.acts_here(routed.transform)) return result;
    const NodeMapRules& rules = transforms_[routed.transform].rules;
    const std::string owner = fmt::format("'{}' in {}", routed.name, rules.owner);

    Value entry{Value::Map{}};
    entry.at(choice.position());
    set_in(entry, scope.operand, std::string(kName), choice);
    bool names_operands = false;
    for (std::size_t i = first_; i < end_; ++i) {
      if (!in_scope(i, scope)) continue;
      const auto option = names_.option_of(i, routed);
      if (!option) continue;
      PlannedOption varied = varying(i, *option, owner);
      if (parameters_[i].operand.empty() && parameters_[i].key == "bypass") {
        set_bypass(result, i, varied);
        continue;
      }
      names_operands = names_operands || !names_.place_of(i, routed.transform).role.empty();
      set_in(entry, parameters_[i].operand, parameters_[i].key, example(i));
      if (may_be_absent(i, choice)) varied.otherwise = left_out(i, *option, owner);
      result.varying.push_back(std::move(varied));
    }
    if (scope.operand.empty()) {
      leave_to_tables(entry, rules, names_operands);
    } else if (const std::size_t bypass = names_.find("bypass"); bypass != kNoParameter) {
      set_bypass(result, bypass,
                 varying(bypass, *entry_option("bypass", routed.name, rules), owner));
    }
    result.options = without_positions(node_options(entry, rules, node_, ops_));
    result.transform = routed.transform;
    place_options(result);
    return result;
  }

  static void set_in(Value& entry, const std::string& operand, const std::string& key,
                     const Value& value) {
    if (operand.empty()) {
      entry.set(key, value);
      return;
    }
    if (entry.find(operand) == nullptr) {
      entry.set(operand, Value(Value::Map{}).at(entry.position()));
    }
    entry.find_to_write(operand)->set(key, value);
  }

  static void set_bypass(PlannedName& name, std::size_t parameter, const PlannedOption& choices) {
    name.bypass = parameter;
    name.reads.push_back(parameter);
    for (const Value& value : choices.values) name.bypassed.push_back(value.as_bool());
  }

  // Operands whose tables have names are planned apart from the node's own name, and where they are
  // all that is named, it means no others.
  void leave_to_tables(Value& entry, const NodeMapRules& rules, bool names_operands) const {
    bool tables_name = false;
    for (const auto& [operand, name] : names_.tables()) {
      if (!is_operand(operand, rules)) continue;
      entry.set(operand, Value());
      tables_name = tables_name || std::ranges::any_of(parameters_[name].choices,
                                                       [](const Value& v) { return !v.is_none(); });
    }
    if (!tables_name || names_operands) return;
    for (const std::string& role : rules.option->item_roles) entry.set(role, Value());
  }

  // Whether the condition of a parameter can be false under a name that stands beside it.
  bool may_be_absent(std::size_t parameter, const Value& name) const {
    const Value* when = parameters_[parameter].when();
    if (when == nullptr || !when->is_map() || when->find(kName) == nullptr) return when != nullptr;
    const Value& names = *when->find(kName);
    const Value::List wanted = names.is_list() ? names.as_list() : Value::List{names};
    return std::ranges::find(wanted, name) == wanted.end();
  }

  // What the option of a parameter is while its condition is false.
  Value left_out(std::size_t parameter, const Option& option, const std::string& owner) const {
    if (option.default_value) {
      return without_positions(check_value(option, *option.default_value, owner));
    }
    if (!option.required()) return Value();
    throw usage_error(fmt::format("'{}' of node '{}' has a condition, but cannot be left out: {} "
                                  "needs the option '{}' ({})",
                                  parameters_[parameter].key, node_.name, owner, option.key,
                                  allowed_text(option)),
                      parameters_[parameter].given.position());
  }

  // Options of operands that the op lacks have no place; MASE searches them all the same.
  void place_options(PlannedName& result) const {
    const auto index_in = [](const Value::Map& map, std::string_view key) {
      const auto at =
          std::ranges::find(map, key, [](const Value::Entry& entry) { return entry.first; });
      return at == map.end() ? kNoParameter : static_cast<std::size_t>(at - map.begin());
    };
    std::vector<PlannedOption> placed;
    const Value::Map& options = std::as_const(result.options).as_map();
    for (PlannedOption& varying : result.varying) {
      const auto [role, key] = names_.place_of(varying.parameter, result.transform);
      varying.entry = index_in(options, role.empty() ? key : role);
      if (varying.entry == kNoParameter) continue;
      if (!role.empty()) {
        varying.inner = index_in(options[varying.entry].second.as_map(), key);
        if (varying.inner == kNoParameter) continue;
      }
      result.reads.push_back(varying.parameter);
      const bool constant =
          varying.values.size() == 1 && parameters_[varying.parameter].when() == nullptr;
      if (!constant) placed.push_back(std::move(varying));
    }
    result.varying = std::move(placed);
  }

  std::vector<SearchParameter>& parameters_;
  std::vector<std::string>& warnings_;
  std::size_t first_, end_;
  const Node& node_;
  const OpSet& ops_;
  std::span<const SpaceTransform> transforms_;
  NodeNames names_;
};

}  // namespace

bool plan_node(SearchSpace& space, std::size_t first, std::size_t count, const Node& node,
               const OpSet& ops, std::span<const SpaceTransform> transforms,
               std::vector<PlannedNode>& into) {
  return NodePlanner(space, first, count, node, ops, transforms).plan(into);
}

}  // namespace lathe
