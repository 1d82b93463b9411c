#include "core/search/points/point.hpp"

#include "core/tensor/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lathe {
namespace {

// Numbers that a parameter must have one of, so that what is fixed exists; empty: any.
std::vector<std::vector<double>> needed_numbers(const SearchSpace& space,
                                                const std::vector<double>& fixed) {
  std::vector<std::vector<double>> needed(fixed.size());
  std::vector<bool> wanted(fixed.size());
  for (std::size_t p = fixed.size(); p-- > 0;) {
    wanted[p] = wanted[p] || !std::isnan(fixed[p]);
    const Condition& condition = space.parameters[p].condition;
    if (!wanted[p] || condition.parent == Condition::kAlways || condition.numbers.empty()) continue;
    wanted[condition.parent] = true;
    needed[condition.parent] = condition.numbers;
  }
  return needed;
}

}  // namespace

void check_suggestion(const SearchSpace& space, std::string_view sampler, std::uint64_t trial,
                      std::vector<double>& suggested) {
  leave_out_absent(space.parameters, suggested);
  for (std::size_t p = 0; p < suggested.size(); ++p) {
    const SearchParameter& parameter = space.parameters[p];
    if (!parameter.condition.met(suggested)) continue;
    if (const auto number = parameter.categorical() || parameter.infinite()
                                ? std::optional(suggested[p])
                                : parameter.number_of(suggested[p]);
        number && parameter.takes(*number)) {
      suggested[p] = *number;  // without the noise of its arithmetic
      continue;
    }
    const std::string given =
        std::isnan(suggested[p]) ? "nothing" : fmt::format("{}", suggested[p]);
    throw run_error(
        LATHE_INTERNAL,
        fmt::format("sampler '{}' suggested {} for '{}' in trial {}, which takes {}", sampler,
                    given, parameter.name, trial,
                    parameter.categorical()
                        ? fmt::format("the number of one of {} choices", parameter.choices.size())
                        : parameter.text()));
  }
}

bool says_all(const SearchSpace& space, std::span<const double> point) {
  for (std::size_t p = 0; p < point.size(); ++p)
    if (std::isnan(point[p]) && space.parameters[p].condition.met(point)) return false;
  return true;
}

std::vector<double> completed_point(const SearchSpace& space, const std::vector<double>& fixed,
                                    const std::vector<double>& suggested, std::uint64_t seed,
                                    std::uint64_t trial) {
  const std::vector<std::vector<double>> needed = needed_numbers(space, fixed);
  std::vector<double> point = fixed;
  for (std::size_t p = 0; p < point.size(); ++p) {
    const SearchParameter& parameter = space.parameters[p];
    if (!parameter.condition.met(point)) {
      point[p] = std::nan("");
      continue;
    }
    if (!std::isnan(point[p])) continue;
    point[p] = suggested[p];
    if (!needed[p].empty() && std::ranges::find(needed[p], point[p]) == needed[p].end()) {
      point[p] = needed[p].front();
    }
    if (!std::isnan(point[p])) continue;
    double u = 0;
    uniform(seed, stream_of(parameter.name), trial, {&u, 1});
    point[p] = parameter.picked(u);
  }
  return point;
}

}  // namespace lathe
