#include "core/search/points/proposals.hpp"

#include "core/base/log.hpp"
#include "core/search/points/point.hpp"

#include <cmath>

namespace lathe {
namespace {

// How often a sampler is asked for another point before one near its last answer is taken.
constexpr std::uint64_t kAttempts = 8;

}  // namespace

Proposals::Proposals(const SearchOptions& options, const SearchSpace& space, Sampler& sampler)
    : options_(options), space_(space), sampler_(sampler), points_(space, options.seed) {}

std::optional<std::vector<double>> Proposals::suggested(std::uint64_t trial,
                                                        std::uint64_t attempt) {
  std::vector<double> point(space_.parameters.size(), std::nan(""));
  if (!sampler_.suggest(trial, attempt, point)) return std::nullopt;
  check_suggestion(space_, options_.sampler.name(), trial, point);
  return point;
}

std::optional<std::vector<double>> Proposals::propose(std::uint64_t trial,
                                                      const UnseenPoints::PointOf& point_of) {
  if (options_.repeat) return suggested(trial, 0);
  if (points_.none_left()) return std::nullopt;
  std::optional<std::vector<double>> point;
  for (std::uint64_t attempt = 0; attempt <= kAttempts; ++attempt) {
    point = suggested(trial, attempt);
    if (!point || !points_.seen(*point)) return point;
  }
  return points_.near(*point, trial, point_of);
}

std::vector<double> Proposals::complete(std::uint64_t trial, const std::vector<double>& fixed) {
  std::optional<std::vector<double>> rest;
  if (!says_all(space_, fixed)) rest = suggested(trial, 0);
  if (!rest) rest.emplace(fixed.size(), std::nan(""));
  std::vector<double> point = completed_point(space_, fixed, *rest, options_.seed, trial);
  for (std::size_t p = 0; p < point.size(); ++p) {
    if (std::isnan(fixed[p]) || !std::isnan(point[p])) continue;
    const SearchParameter& parameter = space_.parameters[p];
    log_warning(
        "trial {} was enqueued with '{}' = {}, which does not exist with what else it was enqueued "
        "with; it runs without",
        trial, parameter.name, parameter.value(fixed[p], parameter.name).text());
  }
  return point;
}

std::optional<std::uint64_t> Proposals::began(std::uint64_t trial, std::span<const double> point) {
  const std::optional<std::uint64_t> first = points_.first_trial(point);
  points_.add(point, trial);
  sampler_.started(trial, point);
  return first;
}

}  // namespace lathe
