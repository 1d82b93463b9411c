#include "core/search/space/domain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace lathe {
namespace {

// The slack makes 0.1 .. 0.7 by 0.1 seven values in binary floating point.
constexpr double kSlack = 1e-9;

std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  if (a == 0 || b == 0) return 0;
  return a > kMostPoints / b ? kMostPoints : a * b;
}

std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
  return a > kMostPoints - b ? kMostPoints : a + b;
}

// The double that fifteen digits name: 0.1 + 2 * 0.1 becomes 0.3.
double without_noise(double x) {
  const std::string digits = fmt::format("{:.15g}", x);
  double result = x;
  std::from_chars(digits.data(), digits.data() + digits.size(), result);
  return result;
}

Value number_value(const Domain& domain, double number) {
  if (domain.kind == LATHE_PARAMETER_INTEGER)
    return static_cast<std::int64_t>(std::llround(number));
  return number;
}

// The number as a sampler counts it, so that both are the same double.
double on_grid(const Domain& domain, double number) {
  if (domain.step == 0) return number;
  return domain.at(static_cast<std::uint64_t>(std::llround((number - domain.low) / domain.step)));
}

}  // namespace

bool same_choice(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return a.as_float() == b.as_float();
  return a == b;
}

double grid_end(double low, double high, double step) {
  const double steps = std::floor((high - low) / step + kSlack);
  return std::min(high, without_noise(low + step * steps));
}

std::uint64_t Domain::count() const {
  if (categorical()) return choices.size();
  if (step == 0) return 1;
  const double steps = std::floor((high - low) / step + kSlack);
  return steps >= 9e18 ? kMostPoints : static_cast<std::uint64_t>(steps) + 1;
}

double Domain::at(std::uint64_t index) const {
  if (categorical()) return static_cast<double>(index);
  return std::min(high, low + step * static_cast<double>(index));
}

bool Domain::takes(double number) const {
  if (categorical()) {
    return number >= 0 && number < static_cast<double>(choices.size()) &&
           number == std::floor(number);
  }
  if (step == 0) return number >= low && number <= high;
  const double steps = (number - low) / step;
  const double whole = std::nearbyint(steps);
  return std::abs(steps - whole) <= kSlack * std::max(1.0, std::abs(steps)) && whole >= 0 &&
         whole < static_cast<double>(count());
}

Value Domain::value(double number, std::string_view name) const {
  if (takes(number)) {
    return categorical() ? choices[static_cast<std::size_t>(number)] : number_value(*this, number);
  }
  throw run_error(LATHE_INVALID_ARGUMENT,
                  categorical() ? fmt::format("a point has the choice {} for '{}', which has {}",
                                              number, name, choices.size())
                                : fmt::format("a point has the number {} for '{}', which takes {}",
                                              number, name, text()));
}

std::optional<double> Domain::number_of(const Value& value) const {
  if (!categorical()) {
    const double number = value.is_number() ? value.as_float() : std::nan("");
    return takes(number) ? std::optional(on_grid(*this, number)) : std::nullopt;
  }
  const auto found = std::ranges::find_if(
      choices, [&](const Value& choice) { return same_choice(choice, value); });
  if (found == choices.end()) return std::nullopt;
  return static_cast<double>(found - choices.begin());
}

double Domain::picked(double uniform) const {
  if (!infinite()) {
    const std::uint64_t values = count();
    const auto index = static_cast<std::uint64_t>(uniform * static_cast<double>(values));
    return at(std::min(index, values - 1));
  }
  if (!logarithmic) return std::clamp(low + uniform * (high - low), low, high);
  return std::clamp(std::exp(std::log(low) + uniform * (std::log(high) - std::log(low))), low,
                    high);
}

Value Domain::described() const {
  if (categorical()) return Value(choices);
  Value range{Value::Map{}};
  range.set("low", number_value(*this, low));
  range.set("high", number_value(*this, high));
  if (step != 0 && !logarithmic) range.set("step", number_value(*this, step));
  if (logarithmic) range.set("log", true);
  return range;
}

std::string Domain::text() const {
  if (categorical()) return Value(choices).text();
  std::string text =
      fmt::format("{} to {}", number_value(*this, low).text(), number_value(*this, high).text());
  if (step != 0 && !logarithmic) text += fmt::format(" by {}", number_value(*this, step).text());
  if (logarithmic) text += ", logarithmic";
  return text;
}

bool Condition::met(std::span<const double> point) const {
  return parent == kAlways ||
         (parent < point.size() && std::ranges::find(numbers, point[parent]) != numbers.end());
}

std::optional<PointCounts> count_points(std::span<const Choosable> parameters) {
  PointCounts counts;
  counts.of.assign(parameters.size(), 1);
  counts.because_of.resize(parameters.size());
  // Children come after their parents.
  for (std::size_t p = parameters.size(); p-- > 0;) {
    const auto& [domain, condition] = parameters[p];
    const bool never = condition->parent != Condition::kAlways && condition->numbers.empty();
    if (never) continue;
    if (domain->infinite()) return std::nullopt;
    std::uint64_t points = domain->count() - counts.because_of[p].size();
    for (const auto& [number, below] : counts.because_of[p]) points = plus(points, below);
    counts.of[p] = points;
    if (condition->parent == Condition::kAlways) {
      counts.total = times(counts.total, points);
      continue;
    }
    for (const double number : condition->numbers) {
      auto& below = counts.because_of[condition->parent].try_emplace(number, 1).first->second;
      below = times(below, points);
    }
  }
  return counts;
}

}  // namespace lathe
