#include "core/search/space/node_names.hpp"

#include "core/base/words/suggest.hpp"
#include "core/search/space/read_domain.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

NodeNames::NodeNames(std::vector<SearchParameter>& parameters, std::size_t first, const Node& node,
                     std::span<const SpaceTransform> transforms)
    : parameters_(parameters),
      first_(first),
      end_(parameters.size()),
      node_(node),
      transforms_(transforms),
      name_(find("name")) {
  for (std::size_t i = first_; i < end_; ++i) {
    const SearchParameter& given = parameters_[i];
    if (given.key == "name" && !given.operand.empty()) tables_.push_back({given.operand, i});
  }
  for (std::size_t t = 0; t < transforms_.size(); ++t) {
    for (std::size_t i = first_; i < end_; ++i) {
      if (beside_option_of(i, t) == nullptr) continue;
      beside_.push_back(t);
      break;
    }
  }
}

std::size_t NodeNames::find(std::string_view key, std::string_view operand) const {
  for (std::size_t i = first_; i < end_; ++i) {
    if (parameters_[i].key == key && parameters_[i].operand == operand) return i;
  }
  return kNoParameter;
}

NodeNames::Routed NodeNames::route(const Value& choice) const {
  for (std::size_t i = 0; choice.is_string() && i < transforms_.size(); ++i) {
    if (auto name = accepted_name(choice.as_string(), transforms_[i].rules)) return {i, *name};
  }
  return {};
}

template <typename Visit>
void NodeNames::each_choice(std::size_t name, Visit visit) const {
  if (name == kNoParameter) return;
  for (const Value& choice : parameters_[name].choices) visit(choice, route(choice));
}

bool NodeNames::is_name(std::size_t parameter) const {
  return parameter == name_ ||
         std::ranges::any_of(tables_, [&](const Table& t) { return t.name == parameter; });
}

std::size_t NodeNames::name_of(std::size_t parameter) const {
  for (const Table& table : tables_) {
    if (table.operand == parameters_[parameter].operand) return table.name;
  }
  return name_;
}

bool NodeNames::acts_here(std::size_t transform) const {
  return acts_on(transforms_[transform].rules, *node_.row);
}

std::optional<Option> NodeNames::option_of(std::size_t parameter, const Routed& routed) const {
  if (routed.transform == kNoParameter) return std::nullopt;
  const SearchParameter& given = parameters_[parameter];
  const NodeMapRules& rules = transforms_[routed.transform].rules;
  if (given.operand.empty()) return entry_option(given.key, routed.name, rules);
  const Option* option =
      is_operand(given.operand, rules) ? operand_option(given.key, routed.name, rules) : nullptr;
  return option == nullptr ? std::nullopt : std::optional(*option);
}

OptionPlace NodeNames::place_of(std::size_t parameter, std::size_t transform) const {
  const SearchParameter& given = parameters_[parameter];
  if (!given.operand.empty()) return {given.operand, given.key};
  return lathe::place_of(given.key, transforms_[transform].rules);
}

const Option* NodeNames::beside_option_of(std::size_t parameter, std::size_t transform) const {
  const SearchParameter& given = parameters_[parameter];
  return given.operand.empty() ? beside_option(given.key, transforms_[transform].rules) : nullptr;
}

bool NodeNames::is_for_this_node() const {
  bool routable = !beside_.empty();
  bool acts = std::ranges::any_of(beside_, [&](std::size_t t) { return acts_here(t); });
  const auto look = [&](const Value&, const Routed& routed) {
    if (routed.transform == kNoParameter) return;
    routable = true;
    acts = acts || acts_here(routed.transform);
  };
  each_choice(name_, look);
  for (const Table& table : tables_) each_choice(table.name, look);
  return acts || !routable;
}

std::string NodeNames::shown(std::size_t parameter) const {
  const SearchParameter& given = parameters_[parameter];
  return given.operand.empty() ? given.key : given.operand + "." + given.key;
}

// Something must say what the rest means.
void NodeNames::check_names() const {
  if (name_ != kNoParameter) return;
  for (std::size_t i = first_; i < end_; ++i) {
    const std::string& operand = parameters_[i].operand;
    if (operand.empty() || name_of(i) != kNoParameter) continue;
    throw usage_error(fmt::format("'{}' in the seed of node '{}' needs a 'name', in its table or "
                                  "beside it, a list of choices",
                                  operand, node_.name),
                      parameters_[i].position);
  }
  if (!beside_.empty() || !tables_.empty()) return;
  std::string beside;
  for (const SpaceTransform& transform : transforms_) {
    for (const std::string& key : beside_keys(transform.rules)) {
      beside += fmt::format(", or a '{}'", key);
    }
  }
  throw usage_error(
      fmt::format("the seed of node '{}' needs a 'name', a list of choices{}", node_.name, beside),
      parameters_[first_].position);
}

void NodeNames::check_keys() const {
  check_names();
  if (!is_for_this_node()) return;
  for (std::size_t i = first_; i < end_; ++i) {
    if (is_name(i)) continue;
    check_said_once(i);
    check_key(i);
  }
}

// An option of an operand stands in its table, if that has one, and nowhere else.
void NodeNames::check_said_once(std::size_t parameter) const {
  const SearchParameter& given = parameters_[parameter];
  if (!given.operand.empty()) return;
  each_choice(name_, [&](const Value&, const Routed& routed) {
    if (!option_of(parameter, routed)) return;
    const std::string role = place_of(parameter, routed.transform).role;
    for (std::size_t i = first_; i < end_ && !role.empty(); ++i) {
      if (parameters_[i].operand != role) continue;
      throw usage_error(fmt::format("'{}' in the seed of node '{}' stands beside '{}', which says "
                                    "all of that operand; move it inside",
                                    given.key, node_.name, role),
                        given.position);
    }
  });
}

void NodeNames::check_key(std::size_t parameter) const {
  const SearchParameter& given = parameters_[parameter];
  const std::size_t name = name_of(parameter);
  bool is_known = given.operand.empty() && given.key == "bypass" && !tables_.empty();
  each_choice(name, [&](const Value&, const Routed& routed) {
    is_known = is_known || option_of(parameter, routed).has_value();
  });
  for (const std::size_t transform : beside_) {
    is_known = is_known || beside_option_of(parameter, transform) != nullptr;
  }
  if (is_known) return;
  std::vector<std::string> known;
  for (const SpaceTransform& transform : transforms_) {
    if (!given.operand.empty()) break;
    const auto keys = beside_keys(transform.rules);
    known.insert(known.end(), keys.begin(), keys.end());
  }
  std::string names;
  bool unroutable = false;
  each_choice(name, [&](const Value& choice, const Routed& routed) {
    if (choice.is_none()) return;
    if (!names.empty()) names += ", ";
    names += choice.text();
    unroutable = unroutable || routed.transform == kNoParameter;
    if (routed.transform == kNoParameter) return;
    const NodeMapRules& rules = transforms_[routed.transform].rules;
    const auto keys =
        given.operand.empty() ? entry_keys(routed.name, rules) : operand_keys(routed.name, rules);
    known.insert(known.end(), keys.begin(), keys.end());
  });
  // Without the transform nobody can say what its options are, and NA takes any.
  if (unroutable || (names.empty() && name != kNoParameter)) return;
  if (name == kNoParameter) {
    throw usage_error(fmt::format("'{}' in the seed of node '{}' needs a 'name' beside it{}",
                                  given.key, node_.name, suggestion(given.key, known)),
                      given.position);
  }
  throw usage_error(fmt::format("unknown option '{}' of '{}' in the seed of node '{}'{}",
                                shown(parameter), names, node_.name, suggestion(given.key, known)),
                    given.position);
}

void NodeNames::settle_ranges() {
  for (std::size_t i = first_; i < end_; ++i) {
    SearchParameter& given = parameters_[i];
    if (given.categorical()) continue;
    std::vector<Option> options;
    each_choice(name_of(i), [&](const Value&, const Routed& routed) {
      if (const auto option = option_of(i, routed)) options.push_back(*option);
    });
    for (const std::size_t transform : beside_) {
      if (const Option* option = beside_option_of(i, transform)) options.push_back(*option);
    }
    settle_range(given, given.given, options);
  }
}

}  // namespace lathe
