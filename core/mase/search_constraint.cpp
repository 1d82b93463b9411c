#include "core/mase/search_constraint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace lathe {
namespace {

struct RelationWord {
  std::string_view word;
  Relation relation;
};
// Longer words first: "<=" begins with "<".
constexpr RelationWord kRelations[] = {
    {"<=", Relation::at_most}, {">=", Relation::at_least}, {"==", Relation::equal},
    {"<", Relation::below},    {">", Relation::above},
};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// A finite number as a file writes one, eg: 2e6, 2_000_000, +4.
std::optional<double> number_of(std::string_view text) {
  std::string digits(text);
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.erase(0, 1);
  std::erase(digits, '_');
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(number))
    return std::nullopt;
  return number;
}

SearchConstraint read_constraint(const std::string& name, const Value& given) {
  const Error refused = usage_error(
      fmt::format("the constraint of '{}' takes a comparison with a number, eg: \"<= 2e6\", with "
                  "<=, <, >=, > or ==, or a list of them; got {}",
                  name, given.is_none() ? "NA" : given.text()),
      given.position());
  if (!given.is_string()) throw refused;
  const std::string_view text = trimmed(given.as_string());
  for (const RelationWord& row : kRelations) {
    if (!text.starts_with(row.word)) continue;
    const std::optional<double> bound = number_of(trimmed(text.substr(row.word.size())));
    if (!bound) break;
    return {name, row.relation, *bound, given.position()};
  }
  throw refused;
}

}  // namespace

double SearchConstraint::violation(double value) const {
  constexpr double kLargest = std::numeric_limits<double>::max();
  const bool upper = relation == Relation::at_most || relation == Relation::below;
  double by = upper ? value - bound : bound - value;
  if (relation == Relation::equal) by = std::abs(by);
  const bool strict = relation == Relation::below || relation == Relation::above;
  if (strict && by == 0) by = std::numeric_limits<double>::min();
  return std::clamp(by, -kLargest, kLargest);
}

std::string SearchConstraint::text() const {
  const auto row = std::ranges::find(kRelations, relation, &RelationWord::relation);
  return fmt::format("{} {}", row->word, bound);
}

std::vector<SearchConstraint> read_constraints(const Value& table) {
  std::vector<SearchConstraint> constraints;
  for (const auto& [name, given] : table.as_map()) {
    if (!given.is_list()) {
      constraints.push_back(read_constraint(name, given));
      continue;
    }
    for (const Value& each : given.as_list()) constraints.push_back(read_constraint(name, each));
  }
  std::ranges::stable_sort(constraints, {}, &SearchConstraint::name);
  return constraints;
}

}  // namespace lathe
