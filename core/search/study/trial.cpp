#include "core/search/study/trial.hpp"

#include <algorithm>

namespace lathe {

double Trial::violation() const {
  double sum = 0;
  for (const double each : constraints) sum += std::max(0.0, each);
  return sum;
}

}  // namespace lathe
