// Resolves a node's choices against the transforms that accept them. Knows nothing about files or
// samplers.
#include "core/search/space/space_plan.hpp"

#include "core/base/suggest.hpp"

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
  NodePlanner(const SearchSpace& space, std::size_t first, std::size_t count, const Node& node,
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
      if (i != name_) check_key(i);
    }
    if (name_ != kNoParameter) into.push_back(planned());
    for (const std::size_t transform : beside_) {
      if (acts_here(transform)) into.push_back(planned_beside(transform));
    }
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
    return acts_on(transforms_[transform].rules, node_.op);
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

  PlannedNode planned() const {
    PlannedNode result{parameters_[name_].node, name_, {}};
    for (const Value& choice : parameters_[name_].choices) {
      result.names.push_back(planned_name(choice));
    }
    return result;
  }

  // Where the name is this transform's own, its options are part of what the name says.
  PlannedNode planned_beside(std::size_t transform) const {
    PlannedNode result{parameters_[first_].node, name_, {}};
    if (name_ == kNoParameter) result.names.push_back(beside(transform));
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
      PlannedOption varying{0, i, {}};
      for (const Value& value : parameter.choices) {
        varying.values.push_back(without_positions(check_value(*option, value, rules.owner)));
      }
      // A choice that says something: with NA alone there is nothing to plan.
      const auto said = std::find_if(varying.values.begin(), varying.values.end(),
                                     [](const Value& value) { return !value.is_none(); });
      if (said != varying.values.end()) entry.set(parameter.key, *said);
      result.varying.push_back(std::move(varying));
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
      PlannedOption varying{0, i, {}};
      for (const Value& value : parameter.choices) {
        varying.values.push_back(without_positions(check_value(*option, value, owner)));
      }
      if (parameter.key == "bypass") {
        result.bypass = i;
        for (const Value& value : varying.values) result.bypassed.push_back(value.as_bool());
        continue;
      }
      entry.set(parameter.key, parameter.choices.front());
      result.varying.push_back(std::move(varying));
    }
    result.options = without_positions(node_options(entry, rules, node_, ops_));
    result.transform = routed.transform;
    place_options(result);
    return result;
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
      varying.entry = static_cast<std::size_t>(at - options.begin());
      if (varying.values.size() > 1) placed.push_back(std::move(varying));
    }
    result.varying = std::move(placed);
  }

  const std::vector<SearchParameter>& parameters_;
  std::size_t first_, end_;
  const Node& node_;
  const OpSet& ops_;
  std::span<const SpaceTransform> transforms_;
  std::size_t name_ = kNoParameter;
  std::vector<std::size_t> beside_;  // transforms with an option in this seed that needs no name
};

}  // namespace

bool plan_node(const SearchSpace& space, std::size_t first, std::size_t count, const Node& node,
               const OpSet& ops, std::span<const SpaceTransform> transforms,
               std::vector<PlannedNode>& into) {
  return NodePlanner(space, first, count, node, ops, transforms).plan(into);
}

}  // namespace lathe
