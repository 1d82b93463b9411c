// Points of several objectives, all to be minimised: domination and the volume between points and a
// reference.
#pragma once

#include <cstddef>
#include <vector>

namespace search_strategies {

using Point = std::vector<double>;

// At least as good everywhere and better somewhere.
bool dominates(const Point& a, const Point& b);

// A tenth beyond the worst value of each objective. REQUIRES: there are points.
Point reference_point(const std::vector<Point>& points);

// Volume of the box between a point and the reference.
double box(const Point& point, const Point& reference);

// Volume between the points and the reference. Two objectives: one sweep; more: the recursion of
// While, Bradstreet and Barone ("A fast way of calculating exact hypervolumes", 2012).
double hypervolume(std::vector<Point> points, const Point& reference);

}  // namespace search_strategies
