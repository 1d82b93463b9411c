// NSGA-III's survivors.
#include "selection.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace search_strategies {
namespace {

using Vector = std::vector<double>;
using Matrix = std::vector<Vector>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Infinite values stand three times the finite ones' extent outside of them, as in Optuna.
void bring_in_infinities(Matrix& rows, std::size_t objective) {
  double low = kInfinity, high = -kInfinity;
  for (const Vector& row : rows) {
    if (!std::isfinite(row[objective])) continue;
    low = std::min(low, row[objective]), high = std::max(high, row[objective]);
  }
  if (low > high) low = high = 0;
  const double margin = 3 * (high - low);
  for (Vector& row : rows) row[objective] = std::clamp(row[objective], low - margin, high + margin);
}

// What a hyperplane through the rows has in common with each axis; empty if there is none, or not
// on the positive side.
Vector intercepts_through(Matrix rows) {
  const std::size_t count = rows.size();
  for (Vector& row : rows) row.push_back(1);
  // Gauss and Jordan, with the largest pivot of each column.
  for (std::size_t c = 0; c < count; ++c) {
    std::size_t pivot = c;
    for (std::size_t r = c; r < count; ++r)
      if (std::abs(rows[r][c]) > std::abs(rows[pivot][c])) pivot = r;
    std::swap(rows[c], rows[pivot]);
    if (std::abs(rows[c][c]) < 1e-12) return {};
    for (std::size_t r = 0; r < count; ++r) {
      if (r == c) continue;
      const double factor = rows[r][c] / rows[c][c];
      for (std::size_t k = c; k <= count; ++k) rows[r][k] -= factor * rows[c][k];
    }
  }
  Vector intercepts;
  for (std::size_t c = 0; c < count; ++c) {
    const double intercept = rows[c][c] / rows[c][count];
    if (!std::isfinite(intercept) || intercept <= 0) return {};
    intercepts.push_back(intercept);
  }
  return intercepts;
}

// The row that is best along each axis, by the achievement scalarising function.
Matrix extreme_rows(const Matrix& rows) {
  const std::size_t objectives = rows.front().size();
  Matrix extremes;
  for (std::size_t axis = 0; axis < objectives; ++axis) {
    const auto achievement = [&](const Vector& row) {
      double worst = -kInfinity;
      for (std::size_t o = 0; o < objectives; ++o)
        worst = std::max(worst, row[o] * (o == axis ? 1 : 1e6));
      return worst;
    };
    extremes.push_back(*std::min_element(
        rows.begin(), rows.end(),
        [&](const Vector& a, const Vector& b) { return achievement(a) < achievement(b); }));
  }
  return extremes;
}

// So that the best of each objective is 0 and the hyperplane through the extreme rows meets each
// axis at 1; where there is no such plane, the worst of each objective is 1.
void normalize(Matrix& rows) {
  const std::size_t objectives = rows.front().size();
  Vector worst(objectives);
  for (std::size_t o = 0; o < objectives; ++o) {
    bring_in_infinities(rows, o);
    double best = kInfinity;
    for (const Vector& row : rows) best = std::min(best, row[o]);
    for (Vector& row : rows) worst[o] = std::max(worst[o], row[o] -= best);
  }
  Vector extents = intercepts_through(extreme_rows(rows));
  if (extents.empty()) extents = worst;
  for (Vector& row : rows)
    for (std::size_t o = 0; o < objectives; ++o) row[o] /= extents[o] > 0 ? extents[o] : 1;
}

struct Nearest {
  std::size_t direction = 0;
  double distance = kInfinity;  // from the line, squared
};

Nearest nearest_line(const Vector& row, const Directions& directions) {
  double square = 0;
  for (const double x : row) square += x * x;
  Nearest nearest;
  for (std::size_t d = 0; d < directions.size(); ++d) {
    double along = 0, length = 0;
    for (std::size_t o = 0; o < row.size(); ++o) {
      along += row[o] * directions[d][o];
      length += directions[d][o] * directions[d][o];
    }
    const double distance = square - along * along / length;
    if (distance < nearest.distance) nearest = {d, distance};
  }
  return nearest;
}

std::size_t below(std::size_t count, const NextUniform& uniform) {
  return std::min(count - 1, static_cast<std::size_t>(uniform() * static_cast<double>(count)));
}

// The candidates of the last front, by the direction whose niche they would fill.
class Niches {
 public:
  Niches(const std::vector<Nearest>& nearest, std::size_t settled, std::size_t directions)
      : nearest_(nearest), filled_(directions), candidates_(directions) {
    for (std::size_t i = 0; i < nearest.size(); ++i) {
      if (i < settled)
        ++filled_[nearest[i].direction];
      else
        candidates_[nearest[i].direction].push_back(i);
    }
  }
  // One of the least filled niches that have candidates; into an empty one the nearest, into
  // others any. REQUIRES: a candidate is left.
  std::size_t take(const NextUniform& uniform) {
    std::vector<std::size_t> open;
    for (std::size_t d = 0; d < filled_.size(); ++d) {
      if (candidates_[d].empty()) continue;
      if (!open.empty() && filled_[d] < filled_[open.front()]) open.clear();
      if (open.empty() || filled_[d] == filled_[open.front()]) open.push_back(d);
    }
    const std::size_t niche = open[below(open.size(), uniform)];
    Members& candidates = candidates_[niche];
    std::size_t chosen = 0;
    if (filled_[niche] > 0) {
      chosen = below(candidates.size(), uniform);
    } else {
      for (std::size_t i = 1; i < candidates.size(); ++i)
        if (nearest_[candidates[i]].distance < nearest_[candidates[chosen]].distance) chosen = i;
    }
    const std::size_t taken = candidates[chosen];
    candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(chosen));
    ++filled_[niche];
    return taken;
  }

 private:
  const std::vector<Nearest>& nearest_;
  std::vector<std::size_t> filled_;
  std::vector<Members> candidates_;
};

}  // namespace

Members of_niches(const Population& population, std::size_t size, const Directions& directions,
                  const NextUniform& uniform) {
  Members considered;
  std::size_t settled = 0;  // of whole fronts
  for (const Members& front : fronts(population, size)) {
    settled = considered.size();
    considered.insert(considered.end(), front.begin(), front.end());
  }
  if (considered.size() <= size) return considered;
  Matrix rows;
  for (const std::size_t member : considered) rows.push_back(population[member].objectives);
  normalize(rows);
  std::vector<Nearest> nearest;
  for (const Vector& row : rows) nearest.push_back(nearest_line(row, directions));
  Niches niches(nearest, settled, directions.size());
  Members survivors(considered.begin(), considered.begin() + static_cast<std::ptrdiff_t>(settled));
  while (survivors.size() < size) survivors.push_back(considered[niches.take(uniform)]);
  return survivors;
}

std::size_t count_directions(std::size_t objectives, std::size_t parts, std::size_t most) {
  // parts + objectives - 1 over objectives - 1; every factor leaves a whole number.
  std::size_t count = 1;
  for (std::size_t k = 1; k < objectives; ++k) {
    count = count * (parts + k) / k;
    if (count >= most) return most;
  }
  return count;
}

Directions reference_directions(std::size_t objectives, std::size_t parts) {
  Directions directions;
  Vector shares(objectives);
  const std::function<void(std::size_t, std::size_t)> share = [&](std::size_t from,
                                                                  std::size_t left) {
    if (from + 1 == objectives) {
      shares[from] = static_cast<double>(left);
      directions.push_back(shares);
      return;
    }
    for (std::size_t own = 0; own <= left; ++own) {
      shares[from] = static_cast<double>(own);
      share(from + 1, left - own);
    }
  };
  share(0, parts);
  return directions;
}

}  // namespace search_strategies
