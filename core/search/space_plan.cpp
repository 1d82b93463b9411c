// Resolves a node's choices against the transforms that accept them. Knows nothing about files or
// samplers.
#include "core/search/space_plan.hpp"

#include "core/config/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {
namespace {

// A second `name` beside the first: a node's width is chosen next to its number format.
constexpr std::string_view kName = "name", kWidth = "width";

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
    const std::size_t name = find(kName), width = find(kWidth);
    if (name == kNoParameter) {
      throw usage_error(
          fmt::format("the seed of node '{}' needs a 'name', a list of choices", node_.name),
          parameters_[first_].position);
    }
    routers_ = {name};
    if (width != kNoParameter && !known_to_a_name(kWidth)) routers_.push_back(width);
    if (!is_for_this_node()) return false;
    for (std::size_t i = first_; i < end_; ++i) {
      if (!is_router(i)) check_key(i);
    }
    for (const std::size_t router : routers_) into.push_back(planned(router));
    return true;
  }

 private:
  std::size_t find(std::string_view key) const {
    for (std::size_t i = first_; i < end_; ++i) {
      if (parameters_[i].key == key) return i;
    }
    return kNoParameter;
  }
  bool is_router(std::size_t parameter) const {
    return std::find(routers_.begin(), routers_.end(), parameter) != routers_.end();
  }
  bool acts_here(std::size_t transform) const {
    return acts_on(transforms_[transform].rules, node_.op);
  }

  template <typename Visit>  // visit(choice, routed) for every choice of every name
  void each_name(Visit visit) const {
    for (const std::size_t router : routers_) {
      for (const Value& choice : parameters_[router].choices) {
        visit(choice, route(choice, transforms_));
      }
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

  // MASE's `default` reaches every node; a name counts where its transform acts on the op.
  bool is_for_this_node() const {
    bool routable = false, acts = false;
    each_name([&](const Value&, const Routed& routed) {
      if (routed.transform == kNoParameter) return;
      routable = true;
      acts = acts || acts_here(routed.transform);
    });
    return acts || !routable;
  }

  void check_key(std::size_t parameter) const {
    const SearchParameter& given = parameters_[parameter];
    if (known_to_a_name(given.key)) return;
    std::vector<std::string> known;
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
    if (unroutable || names.empty()) return;
    throw usage_error(fmt::format("unknown option '{}' of '{}' in the seed of node '{}'{}",
                                  given.key, names, node_.name, suggestion(given.key, known)),
                      given.position);
  }

  PlannedNode planned(std::size_t router) const {
    PlannedNode result{parameters_[router].node, router, {}};
    for (const Value& choice : parameters_[router].choices) {
      result.names.push_back(planned_name(choice));
    }
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
      if (is_router(i)) continue;
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
  std::vector<std::size_t> routers_;
};

}  // namespace

bool plan_node(const SearchSpace& space, std::size_t first, std::size_t count, const Node& node,
               const OpSet& ops, std::span<const SpaceTransform> transforms,
               std::vector<PlannedNode>& into) {
  return NodePlanner(space, first, count, node, ops, transforms).plan(into);
}

}  // namespace lathe
