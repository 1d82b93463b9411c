// Resolves a node's choices against the transforms that accept them. Knows nothing about files or
// samplers.
#include "core/search/space/space_plan.hpp"

#include "core/base/suggest.hpp"
#include "core/search/space/read_domain.hpp"
#include "core/search/space/unsaid_conditions.hpp"

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

struct Routed {
  std::size_t transform = kNoParameter;
  std::string name;
};

Routed route(const Value& choice, std::span<const SpaceTransform> transforms) {
  for (std::size_t i = 0; choice.is_string() && i < transforms.size(); ++i) {
    if (auto name = accepted_name(choice.as_string(), transforms[i].rules)) return {i, *name};
  }
  return {};
}

std::vector<std::string> every_name(std::span<const SpaceTransform> transforms) {
  std::vector<std::string> names;
  for (const SpaceTransform& transform : transforms) {
    const auto more = accepted_names(transform.rules);
    names.insert(names.end(), more.begin(), more.end());
  }
  return names;
}

// One node's parameters, and what they mean to the transforms.
class NodePlanner {
 public:
  NodePlanner(SearchSpace& space, std::size_t first, std::size_t count, const Node& node,
              const OpSet& ops, std::span<const SpaceTransform> transforms)
      : parameters_(space.parameters),
        first_(first),
        end_(first + count),
        node_(node),
        ops_(ops),
        transforms_(transforms) {}

  bool plan(std::vector<PlannedNode>& into) {
    name_ = find(kName);
    for (std::size_t t = 0; t < transforms_.size(); ++t) {
      if (is_beside(t)) beside_.push_back(t);
    }
    if (name_ == kNoParameter && beside_.empty()) {
      throw usage_error(fmt::format("the seed of node '{}' needs a 'name', a list of choices{}",
                                    node_.name, beside_text()),
                        parameters_[first_].position);
    }
    if (!is_for_this_node()) return false;
    for (std::size_t i = first_; i < end_; ++i) {
      if (i == name_) continue;
      check_key(i);
      settle(i);
    }
    const std::size_t before = into.size();
    if (name_ != kNoParameter) into.push_back(planned());
    for (const std::size_t transform : beside_) {
      if (acts_here(transform)) into.push_back(planned_beside(transform));
    }
    set_unsaid_conditions(std::span(parameters_).subspan(0, end_), first_, name_,
                          std::span(into).subspan(before));
    return true;
  }

 private:
  std::size_t find(std::string_view key) const {
    for (std::size_t i = first_; i < end_; ++i) {
      if (parameters_[i].key == key) return i;
    }
    return kNoParameter;
  }
  // Whether the seed has an option of a transform that needs no name of that transform.
  bool is_beside(std::size_t transform) const {
    for (std::size_t i = first_; i < end_; ++i) {
      if (beside_option(parameters_[i].key, transforms_[transform].rules) != nullptr) return true;
    }
    return false;
  }
  std::string beside_text() const {
    std::string text;
    for (const SpaceTransform& transform : transforms_) {
      for (const std::string& key : beside_keys(transform.rules)) {
        text += fmt::format(", or a '{}'", key);
      }
    }
    return text;
  }
  bool acts_here(std::size_t transform) const {
    return acts_on(transforms_[transform].rules, *node_.row);
  }

  template <typename Visit>  // visit(choice, routed) for every choice of the name
  void each_name(Visit visit) const {
    if (name_ == kNoParameter) return;
    for (const Value& choice : parameters_[name_].choices) {
      visit(choice, route(choice, transforms_));
    }
  }

  bool known_to_a_name(std::string_view key) const {
    bool known = false;
    each_name([&](const Value&, const Routed& routed) {
      if (routed.transform == kNoParameter) return;
      known = known || entry_option(key, routed.name, transforms_[routed.transform].rules);
    });
    return known;
  }
  bool known_beside(std::string_view key) const {
    return std::any_of(beside_.begin(), beside_.end(), [&](std::size_t transform) {
      return beside_option(key, transforms_[transform].rules) != nullptr;
    });
  }

  // MASE's `default` reaches every node; a name, and what stands beside it, counts where its
  // transform acts on the op.
  bool is_for_this_node() const {
    bool routable = !beside_.empty();
    bool acts = std::any_of(beside_.begin(), beside_.end(),
                            [&](std::size_t transform) { return acts_here(transform); });
    each_name([&](const Value&, const Routed& routed) {
      if (routed.transform == kNoParameter) return;
      routable = true;
      acts = acts || acts_here(routed.transform);
    });
    return acts || !routable;
  }

  void check_key(std::size_t parameter) const {
    const SearchParameter& given = parameters_[parameter];
    if (known_to_a_name(given.key) || known_beside(given.key)) return;
    std::vector<std::string> known;
    for (const SpaceTransform& transform : transforms_) {
      const auto keys = beside_keys(transform.rules);
      known.insert(known.end(), keys.begin(), keys.end());
    }
    std::string names;
    bool unroutable = false;
    each_name([&](const Value& choice, const Routed& routed) {
      if (choice.is_none()) return;
      if (!names.empty()) names += ", ";
      names += choice.text();
      if (routed.transform == kNoParameter) {
        unroutable = true;
      } else {
        const auto keys = entry_keys(routed.name, transforms_[routed.transform].rules);
        known.insert(known.end(), keys.begin(), keys.end());
      }
    });
    // Without the transform nobody can say what its options are, and NA takes any.
    if (unroutable || (names.empty() && name_ != kNoParameter)) return;
    if (name_ == kNoParameter) {
      throw usage_error(fmt::format("'{}' in the seed of node '{}' needs a 'name' beside it{}",
                                    given.key, node_.name, suggestion(given.key, known)),
                        given.position);
    }
    throw usage_error(fmt::format("unknown option '{}' of '{}' in the seed of node '{}'{}",
                                  given.key, names, node_.name, suggestion(given.key, known)),
                      given.position);
  }

  // Whether a range is of integers, as the options say that take it.
  void settle(std::size_t parameter) {
    SearchParameter& given = parameters_[parameter];
    if (given.categorical()) return;
    std::vector<Option> options;
    each_name([&](const Value&, const Routed& routed) {
      if (routed.transform == kNoParameter) return;
      const auto option = entry_option(given.key, routed.name, transforms_[routed.transform].rules);
      if (option) options.push_back(*option);
    });
    for (const std::size_t transform : beside_) {
      const Option* option = beside_option(given.key, transforms_[transform].rules);
      if (option != nullptr) options.push_back(*option);
    }
    settle_range(given, given.given, options);
  }

  PlannedOption varying(std::size_t parameter, const Option& option, std::string_view owner) const {
    const SearchParameter& given = parameters_[parameter];
    PlannedOption result{0, parameter, {}, false, {}};
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

  PlannedNode planned() const {
    PlannedNode result{parameters_[name_].node, name_, {}, {}};
    for (const Value& choice : parameters_[name_].choices) {
      result.names.push_back(planned_name(choice));
    }
    return result;
  }

  // Where the name is this transform's own, its options are part of what the name says.
  PlannedNode planned_beside(std::size_t transform) const {
    PlannedNode result{parameters_[first_].node, name_, {}, beside(transform)};
    if (name_ == kNoParameter) result.names.push_back(result.otherwise);
    each_name([&](const Value&, const Routed& routed) {
      result.names.push_back(routed.transform == transform ? PlannedName{} : beside(transform));
    });
    return result;
  }

  PlannedName beside(std::size_t transform) const {
    PlannedName result;
    const NodeMapRules& rules = transforms_[transform].rules;
    Value entry{Value::Map{}};
    for (std::size_t i = first_; i < end_; ++i) {
      const SearchParameter& parameter = parameters_[i];
      const Option* option = beside_option(parameter.key, rules);
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

  PlannedName planned_name(const Value& choice) const {
    PlannedName result;
    result.position = choice.position();
    if (choice.is_none()) return result;
    const Routed routed = route(choice, transforms_);
    if (routed.transform == kNoParameter) {
      result.refusal =
          fmt::format("no loaded transform accepts the name '{}' of node '{}'{}", choice.text(),
                      node_.name, suggestion(choice.text(), every_name(transforms_)));
      for (std::size_t i = first_; i < end_; ++i) result.reads.push_back(i);
      return result;
    }
    if (!acts_here(routed.transform)) return result;
    const NodeMapRules& rules = transforms_[routed.transform].rules;
    const std::string owner = fmt::format("'{}' in {}", routed.name, rules.owner);

    Value entry{Value::Map{}};
    entry.at(choice.position());
    entry.set(kName, choice);
    for (std::size_t i = first_; i < end_; ++i) {
      const SearchParameter& parameter = parameters_[i];
      if (i == name_) continue;
      const auto option = entry_option(parameter.key, routed.name, rules);
      if (!option) continue;
      PlannedOption varied = varying(i, *option, owner);
      if (parameter.key == "bypass") {
        result.bypass = i;
        result.reads.push_back(i);
        for (const Value& value : varied.values) result.bypassed.push_back(value.as_bool());
        continue;
      }
      entry.set(parameter.key, example(i));
      result.varying.push_back(std::move(varied));
    }
    result.options = without_positions(node_options(entry, rules, node_, ops_));
    result.transform = routed.transform;
    for (PlannedOption& varied : result.varying) {
      if (may_be_absent(varied.parameter, choice)) {
        varied.otherwise = left_out(varied.parameter, entry, rules);
      }
    }
    place_options(result);
    return result;
  }

  // Whether the condition of a parameter can be false under a name.
  bool may_be_absent(std::size_t parameter, const Value& name) const {
    const Value* when = parameters_[parameter].when();
    if (when == nullptr || !when->is_map() || when->find(kName) == nullptr) return when != nullptr;
    const Value& names = *when->find(kName);
    const Value::List wanted = names.is_list() ? names.as_list() : Value::List{names};
    return std::ranges::find(wanted, name) == wanted.end();
  }

  // What the option of a parameter is while its condition is false.
  Value left_out(std::size_t parameter, Value entry, const NodeMapRules& rules) const {
    const SearchParameter& given = parameters_[parameter];
    entry.erase(given.key);
    try {
      const Value options = node_options(entry, rules, node_, ops_);
      const Value* option = options.find(given.key);
      return option == nullptr ? Value() : without_positions(*option);
    } catch (const Error& error) {
      throw usage_error(fmt::format("'{}' of node '{}' has a condition, but cannot be left out: {}",
                                    given.key, node_.name, error.message()),
                        given.position);
    }
  }

  // Options of operands that the op lacks have no place; MASE searches them all the same.
  void place_options(PlannedName& result) const {
    std::vector<PlannedOption> placed;
    const Value::Map& options = result.options.as_map();
    for (PlannedOption& varying : result.varying) {
      const std::string& key = parameters_[varying.parameter].key;
      const auto at = std::find_if(options.begin(), options.end(),
                                   [&](const Value::Entry& entry) { return entry.first == key; });
      if (at == options.end()) continue;
      result.reads.push_back(varying.parameter);
      varying.entry = static_cast<std::size_t>(at - options.begin());
      const bool constant =
          varying.values.size() == 1 && parameters_[varying.parameter].when() == nullptr;
      if (!constant) placed.push_back(std::move(varying));
    }
    result.varying = std::move(placed);
  }

  std::vector<SearchParameter>& parameters_;
  std::size_t first_, end_;
  const Node& node_;
  const OpSet& ops_;
  std::span<const SpaceTransform> transforms_;
  std::size_t name_ = kNoParameter;
  std::vector<std::size_t> beside_;  // transforms with an option in this seed that needs no name
};

}  // namespace

bool plan_node(SearchSpace& space, std::size_t first, std::size_t count, const Node& node,
               const OpSet& ops, std::span<const SpaceTransform> transforms,
               std::vector<PlannedNode>& into) {
  return NodePlanner(space, first, count, node, ops, transforms).plan(into);
}

}  // namespace lathe
