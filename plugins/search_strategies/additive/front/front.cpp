#include "front.hpp"

#include <algorithm>

namespace search_strategies {

Front::Front(const std::vector<Place>& places) {
  std::vector<Place> sorted = places;
  std::sort(sorted.begin(), sorted.end());
  for (const Place& place : sorted) {
    if (places_.empty() || place[1] < places_.back()[1]) places_.push_back(place);
  }
}

double Front::gain(const Place& place, const Place& worst) const {
  if (!(place[0] < worst[0] && place[1] < worst[1])) return 0;
  auto next = std::upper_bound(places_.begin(), places_.end(), place[0],
                               [](double x, const Place& other) { return x < other[0]; });
  double ceiling = worst[1];
  if (next != places_.begin()) ceiling = std::min(ceiling, std::prev(next)->at(1));
  double area = 0, left = place[0];
  while (ceiling > place[1]) {
    const double right = next == places_.end() ? worst[0] : std::min((*next)[0], worst[0]);
    area += (right - left) * (ceiling - place[1]);
    if (next == places_.end() || right == worst[0]) break;
    left = right;
    ceiling = std::min(ceiling, (*next)[1]);
    ++next;
  }
  return area;
}

}  // namespace search_strategies
