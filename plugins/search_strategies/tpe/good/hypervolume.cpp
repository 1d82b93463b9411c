#include "hypervolume.hpp"

#include <algorithm>

namespace search_strategies {

namespace {

double plane(const std::vector<Point>& sorted, const Point& reference) {
  double volume = 0, edge = reference[1];
  for (const Point& point : sorted) {
    if (point[1] >= edge) continue;
    volume += (reference[0] - point[0]) * (edge - point[1]);
    edge = point[1];
  }
  return volume;
}

// Only what nobody else dominates counts; without this the recursion is exponential.
std::vector<Point> undominated(const std::vector<Point>& points) {
  std::vector<Point> front;
  for (const Point& candidate : points) {
    const bool covered = std::any_of(front.begin(), front.end(), [&](const Point& f) {
      return f == candidate || dominates(f, candidate);
    });
    if (covered) continue;
    front.erase(std::remove_if(front.begin(), front.end(),
                               [&](const Point& f) { return dominates(candidate, f); }),
                front.end());
    front.push_back(candidate);
  }
  return front;
}

}  // namespace

bool dominates(const Point& a, const Point& b) {
  bool strictly = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    strictly |= a[i] < b[i];
  }
  return strictly;
}

Point reference_point(const std::vector<Point>& points) {
  Point worst = points.front();
  for (const Point& point : points)
    for (std::size_t i = 0; i < worst.size(); ++i) worst[i] = std::max(worst[i], point[i]);
  for (double& x : worst) {
    x = std::max(1.1 * x, 0.9 * x);
    if (x == 0) x = 1e-12;
  }
  return worst;
}

double box(const Point& point, const Point& reference) {
  double volume = 1;
  for (std::size_t i = 0; i < point.size(); ++i) volume *= reference[i] - point[i];
  return volume;
}

double hypervolume(std::vector<Point> points, const Point& reference) {
  if (points.empty()) return 0;
  std::sort(points.begin(), points.end());
  if (reference.size() == 2) return plane(points, reference);
  double volume = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::vector<Point> limited(points.begin() + static_cast<std::ptrdiff_t>(i) + 1, points.end());
    for (Point& other : limited)
      for (std::size_t k = 0; k < other.size(); ++k) other[k] = std::max(other[k], points[i][k]);
    volume += box(points[i], reference) - hypervolume(undominated(limited), reference);
  }
  return volume;
}

}  // namespace search_strategies
