#include "descent.hpp"

namespace search_strategies {

namespace {

constexpr int kMostSweeps = 40;
constexpr double kSumShare = 0.05;
constexpr int kRandomTries = 16;  // of a number, where the least is not one function's
constexpr double kNoise = 1e-12;  // a smaller gain is rounding

}  // namespace

double Scalarisation::operator()(const double* values) const {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (std::size_t o = 0; o < weights.size(); ++o) {
    const double above = weights[o] * (values[o] - best[o]);
    largest = std::max(largest, above);
    sum += above;
  }
  double result = weights.size() == 1 ? sum : largest + kSumShare * sum;
  for (std::size_t c = 0; c < penalties.size(); ++c) {
    result += penalties[c] * std::max(0.0, values[weights.size() + c]);
  }
  return result;
}

Descent::Descent(const Space& space, const Features& features,
                 const std::vector<Coefficients>& functions, const Scalarisation& scalarisation)
    : space_(space),
      features_(features),
      functions_(functions),
      scalarisation_(scalarisation),
      has_children_(space.parameters.size()) {
  for (const Parameter& parameter : space.parameters) {
    if (parameter.parent != LATHE_NONE_ID) has_children_[parameter.parent] = 1;
  }
}

double Descent::run(std::vector<double>& point, Draws& draws) {
  complete(point, draws);
  point_ = point;
  values_ = values_of(point_);
  now_ = scalarisation_(values_.data());
  for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
    bool moved = false;
    for (std::size_t p = 0; p < point_.size(); ++p) {
      if (is_absent(point_[p])) continue;
      moved |= has_children_[p] ? step_with_children(p) : step(p, draws);
    }
    if (!moved) break;
  }
  point = point_;
  return now_;
}

void Descent::complete(std::vector<double>& point, Draws& draws) const {
  for (std::size_t p = 0; p < point.size(); ++p) {
    if (!space_.exists(p, point.data())) {
      point[p] = kAbsent;
    } else if (is_absent(point[p])) {
      point[p] = uniform_value(space_.parameters[p], draws.uniform());
    }
  }
}

std::vector<double> Descent::values_of(const std::vector<double>& point) const {
  std::vector<double> values(functions_.size());
  for (const Feature& feature : features_.row(point.data())) {
    for (std::size_t f = 0; f < functions_.size(); ++f) {
      values[f] += functions_[f][feature.number] * feature.value;
    }
  }
  return values;
}

// The values of a parameter that may be best, the rest of the point as it is.
void Descent::collect(std::size_t p, const std::vector<double>& point) {
  tried_.clear();
  tilts_.clear();
  for (const Coefficients& function : functions_)
    tilts_.push_back(features_.tilt(function, p, point.data()));
  const std::size_t asked = space_.parameters[p].categorical() ? 1 : functions_.size();
  for (std::size_t f = 0; f < asked; ++f) features_.add_minima(functions_[f], p, tilts_[f], tried_);
}

void Descent::add_effects(std::vector<double>& values, std::size_t p, double value,
                          double sign) const {
  for (std::size_t f = 0; f < functions_.size(); ++f)
    values[f] += sign * features_.effect(functions_[f], p, value, tilts_[f]);
}

bool Descent::step(std::size_t p, Draws& draws) {
  collect(p, point_);
  const bool one_function = functions_.size() == 1;
  if (!one_function && space_.parameters[p].count() != tried_.size() &&
      !space_.parameters[p].categorical()) {
    for (int i = 0; i < kRandomTries; ++i) {
      tried_.push_back(uniform_value(space_.parameters[p], draws.uniform()));
    }
  }
  const double old = point_[p];
  std::vector<double> without = values_, best_values = values_;
  add_effects(without, p, old, -1);
  double best = old, least = now_;
  std::vector<double> values;
  for (const double value : tried_) {
    values = without;
    add_effects(values, p, value, 1);
    const double found = scalarisation_(values.data());
    if (!(found < least)) continue;
    best = value, least = found;
    best_values.swap(values);
  }
  point_[p] = best;
  const bool moved = least < now_ - kNoise * std::abs(now_);
  if (best != old) now_ = least, values_ = std::move(best_values);
  return moved;
}

// What comes to exist with a value takes the best that it can, one after the other.
bool Descent::step_with_children(std::size_t p) {
  collect(p, point_);
  const std::vector<double> values_of_p = tried_;
  const double before = now_;
  const std::vector<double> old = point_;
  for (const double value : values_of_p) {
    if (value == old[p]) continue;
    std::vector<double> point = old;
    point[p] = value;
    std::vector<std::size_t> born;
    for (std::size_t c = p + 1; c < point.size(); ++c) {
      const bool exists = space_.exists(c, point.data());
      if (!exists) point[c] = kAbsent;
      if (!exists || !is_absent(old[c])) continue;
      born.push_back(c);
      point[c] = uniform_value(space_.parameters[c], 0.5);  // so that its own children are known
    }
    std::vector<double> values = values_of(point);
    for (const std::size_t c : born) choose_child(c, point, values);
    const double found = scalarisation_(values.data());
    if (!(found < now_)) continue;
    now_ = found, point_ = std::move(point), values_ = std::move(values);
  }
  return now_ < before - kNoise * std::abs(before);
}

void Descent::choose_child(std::size_t p, std::vector<double>& point, std::vector<double>& values) {
  if (has_children_[p]) return;  // its turn comes in the sweep
  collect(p, point);
  add_effects(values, p, point[p], -1);
  const std::vector<double> without = values;
  double best = point[p], least = std::numeric_limits<double>::infinity();
  for (const double value : tried_) {
    std::vector<double> with = without;
    add_effects(with, p, value, 1);
    const double found = scalarisation_(with.data());
    if (found < least) best = value, least = found, values = std::move(with);
  }
  point[p] = best;
}

}  // namespace search_strategies
