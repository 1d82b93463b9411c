#include "evolution.hpp"

namespace search_strategies {
namespace {

// An individual's own draws; a parameter's are streams of its name.
constexpr const char* kIndividual = "nsga";
enum IndividualDraw : std::size_t { kCrosses, kFirst, kFirstRival, kSecond, kSecondRival, kDraws };
enum ParameterDraw : std::size_t { kSwaps, kMutates, kFresh, kParameterDraws };

std::size_t below(std::size_t count, double uniform) {
  return std::min(count - 1, static_cast<std::size_t>(uniform * static_cast<double>(count)));
}

}  // namespace

void Evolution::started(std::uint64_t trial, const double* values) {
  running_[trial].assign(values, values + space_.parameters.size());
}

void Evolution::completed(std::uint64_t trial, const double* values, double violation) {
  const auto begun = running_.find(trial);
  if (begun == running_.end()) return;
  Individual individual;
  individual.point = std::move(begun->second);
  running_.erase(begun);
  for (std::size_t o = 0; o < space_.directions.size(); ++o)
    individual.objectives.push_back(space_.directions[o] == LATHE_DIRECTION_MAXIMIZE ? -values[o]
                                                                                     : values[o]);
  individual.violation = violation;
  born_.push_back(std::move(individual));
}

// Ends as many generations as are complete.
void Evolution::breed(const Select& select) {
  std::size_t used = 0;
  for (; born_.size() - used >= options_.population_size; used += options_.population_size) {
    const auto begin = born_.begin() + static_cast<std::ptrdiff_t>(used);
    Population all(begin, begin + static_cast<std::ptrdiff_t>(options_.population_size));
    all.insert(all.end(), parents_.begin(), parents_.end());
    Population survivors;
    for (const std::size_t member : select(all, generation_)) survivors.push_back(all[member]);
    parents_ = std::move(survivors);
    ++generation_;
  }
  born_.erase(born_.begin(), born_.begin() + static_cast<std::ptrdiff_t>(used));
}

// The better of two parents that are drawn, the second of equals, as in Optuna. `except` is none of
// them.
std::size_t Evolution::tournament(double first, double second, std::size_t except) const {
  const auto drawn = [&](double uniform) {
    const std::size_t i = below(parents_.size() - (except < parents_.size() ? 1 : 0), uniform);
    return i < except ? i : i + 1;
  };
  const std::size_t a = drawn(first), b = drawn(second);
  return dominates(parents_[a], parents_[b]) ? a : b;
}

// Each parameter of one of two parents; of the one that has it, if it exists in the child because
// of a value of the other.
void Evolution::cross(const Draw& draw, double* values) const {
  double own[kDraws];
  draw(kIndividual, own, kDraws);
  if (own[kCrosses] >= options_.crossover_prob) {
    const auto& copied = parents_[below(parents_.size(), own[kFirst])].point;
    std::copy(copied.begin(), copied.end(), values);
    return;
  }
  const std::size_t first = tournament(own[kFirst], own[kFirstRival], parents_.size());
  const std::size_t second = tournament(own[kSecond], own[kSecondRival], first);
  for (std::size_t p = 0; p < space_.parameters.size(); ++p) {
    if (!space_.exists(p, values)) continue;
    double draws[kParameterDraws];
    draw(space_.parameters[p].name, draws, kParameterDraws);
    double value = parents_[first].point[p], other = parents_[second].point[p];
    if (draws[kSwaps] >= options_.swapping_prob) std::swap(value, other);
    values[p] = is_absent(value) ? other : value;
  }
}

double Evolution::mutation_prob(const double* values, std::uint64_t attempt) const {
  double once = options_.mutation_prob;
  if (once < 0) {
    double searched = 0;
    for (std::size_t p = 0; p < space_.parameters.size(); ++p)
      if (!is_absent(values[p]) && space_.parameters[p].count() != 1) ++searched;
    once = 1 / std::max(1.0, searched);
  }
  return 1 - std::pow(1 - once, static_cast<double>(attempt + 1));
}

void Evolution::suggest(std::uint64_t attempt, const Select& select, const Draw& draw,
                        double* values) {
  breed(select);
  std::vector<double> child(space_.parameters.size(), kAbsent);
  if (!parents_.empty()) cross(draw, child.data());
  const double mutation = mutation_prob(child.data(), attempt);
  for (std::size_t p = 0; p < space_.parameters.size(); ++p) {
    const Parameter& parameter = space_.parameters[p];
    if (!space_.exists(p, values)) continue;
    double draws[kParameterDraws];
    draw(parameter.name, draws, kParameterDraws);
    const bool fresh = is_absent(child[p]) || draws[kMutates] < mutation;
    values[p] = fresh ? uniform_value(parameter, draws[kFresh]) : child[p];
  }
}

}  // namespace search_strategies
