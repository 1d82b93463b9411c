// The points of two quantities, the less the better, that none is better than in both, and how
// much area another one would add. Knows nothing of trials.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace search_strategies {

using Place = std::array<double, 2>;

class Front {
 public:
  // Points that another is no worse than are left out.
  explicit Front(const std::vector<Place>& places);

  const std::vector<Place>& places() const { return places_; }

  // The area that is no worse than `place` and better than `worst`, and that no point has.
  double gain(const Place& place, const Place& worst) const;

 private:
  std::vector<Place> places_;  // the first number rises, the second falls
};

}  // namespace search_strategies
