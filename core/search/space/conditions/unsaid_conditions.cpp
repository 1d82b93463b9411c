#include "core/search/space/conditions/unsaid_conditions.hpp"

#include <algorithm>

namespace lathe {
namespace {

bool reads(const PlannedName& name, std::size_t parameter) {
  return std::ranges::find(name.reads, parameter) != name.reads.end();
}

// Numbers of the names under which some plan reads a parameter.
std::vector<double> names_reading(std::size_t parameter, std::span<const PlannedNode> plans) {
  std::vector<double> numbers;
  for (std::size_t k = 0; !plans.empty() && k < plans.front().names.size(); ++k) {
    const bool some = std::ranges::any_of(
        plans, [&](const PlannedNode& plan) { return reads(plan.names[k], parameter); });
    if (some) numbers.push_back(static_cast<double>(k));
  }
  return numbers;
}

// The parameter that may pass the node by, with the numbers under which it does not; kAlways: none.
Condition kept_by_bypass(std::span<const SearchParameter> parameters, std::size_t first) {
  for (std::size_t i = first; i < parameters.size(); ++i) {
    if (parameters[i].key != "bypass" || !parameters[i].operand.empty()) continue;
    const std::optional<double> kept = parameters[i].number_of(false);
    return {i, kept ? std::vector{*kept} : std::vector<double>{}};
  }
  return {};
}

// What exists whenever the node may be passed by, and is the name's alone, exists only if it is
// not. A parameter hangs on one other: what only some of those names know stays under them.
void hang_on_bypass(std::span<SearchParameter> parameters, std::size_t first,
                    std::span<const PlannedNode> plans) {
  const Condition kept = kept_by_bypass(parameters, first);
  const std::size_t bypass = kept.parent;
  if (bypass == Condition::kAlways || parameters[bypass].when() != nullptr) return;
  if (kept.numbers.size() == parameters[bypass].choices.size()) return;
  for (std::size_t i = bypass + 1; i < parameters.size(); ++i) {
    const bool beside = !names_reading(i, plans.subspan(1)).empty();
    if (!beside && names_reading(i, plans) == names_reading(bypass, plans)) {
      parameters[i].condition = kept;
    }
  }
}

}  // namespace

void set_unsaid_conditions(std::span<SearchParameter> parameters, std::size_t first,
                           std::size_t name, std::span<const PlannedNode> plans) {
  if (name == kNoParameter) return;
  const std::size_t names = parameters[name].choices.size();
  for (std::size_t i = first; i < parameters.size(); ++i) {
    if (i == name) continue;
    Condition condition{name, names_reading(i, plans)};
    const bool without_name =
        parameters[name].when() == nullptr ||
        std::ranges::any_of(plans, [&](const auto& plan) { return reads(plan.otherwise, i); });
    const bool always = without_name && condition.numbers.size() == names;
    if (!always) parameters[i].condition = std::move(condition);
  }
  hang_on_bypass(parameters, first, plans);
}

void set_table_conditions(std::span<SearchParameter> parameters, std::size_t first,
                          std::size_t name, const PlannedNode& plan) {
  SearchParameter& own_name = parameters[plan.parameter];
  own_name.condition = {};
  const Condition kept = kept_by_bypass(parameters, first);
  if (name != kNoParameter) {
    Condition named{name, {}};
    for (std::size_t k = 0; k < parameters[name].choices.size(); ++k) {
      if (!parameters[name].choices[k].is_none()) named.numbers.push_back(static_cast<double>(k));
    }
    const bool always = parameters[name].when() == nullptr &&
                        named.numbers.size() == parameters[name].choices.size();
    if (!always) own_name.condition = std::move(named);
  }
  // Which hangs on the node's name itself.
  const bool may_pass = kept.parent != Condition::kAlways &&
                        kept.numbers.size() < parameters[kept.parent].choices.size();
  if (may_pass && parameters[kept.parent].when() == nullptr) own_name.condition = kept;
  for (std::size_t i = first; i < parameters.size(); ++i) {
    if (i == plan.parameter || parameters[i].operand != own_name.operand) continue;
    Condition condition{plan.parameter, names_reading(i, {&plan, 1})};
    const bool always =
        condition.numbers.size() == own_name.choices.size() && own_name.when() == nullptr;
    parameters[i].condition = always ? own_name.condition : std::move(condition);
  }
}

}  // namespace lathe
