// From a point to a neighbour that adds more to a front: another choice of one parameter, or one
// parameter takes more of the second quantity and another less, the neighbourhood in which a
// knapsack's optimum is found. Knows no trials.
#pragma once

#include "front.hpp"
#include "quantity.hpp"

namespace search_strategies {

// Where two quantities are on the axes of a front: each by itself or by its logarithm.
struct Axes {
  std::array<bool, 2> logarithmic{};
  Place worst{};

  double coordinate(std::size_t o, const Drawn::Parts& parts) const {
    return logarithmic[o] ? parts.logarithm() : parts.value();
  }
};

class Exchanges {
 public:
  // REQUIRES: all outlive it.
  Exchanges(const Choices& choices, const std::array<Drawn, 2>& quantities, const Front& front,
            const Axes& axes)
      : choices_(choices), quantities_(quantities), front_(front), axes_(axes) {}

  Place place(const Columns& point) const;
  // The area that the point is foretold to add.
  double gain(const Columns& point) const { return front_.gain(place(point), axes_.worst); }

  // Goes to the best neighbour, `steps` times at most, while that adds more than `gain`, what the
  // point does. Returns what the last one adds.
  double climb(Columns& point, double gain, int steps) const;

 private:
  struct Move {
    std::size_t p;
    std::uint32_t to;
    std::array<Drawn::Parts, 2> changes;
  };
  Move move(const Columns& point, std::size_t p, std::uint32_t to) const;

  const Choices& choices_;
  const std::array<Drawn, 2>& quantities_;
  const Front& front_;
  const Axes& axes_;
};

}  // namespace search_strategies
