// A plugin without components: it offers a service, which quantiles.cpp uses.
//   lathe plugin build histogram.cpp
//   lathe plugin list service --plugin ./histogram.so
#include "histogram.h"

#include <lathe/lathe.hpp>

#include <algorithm>
#include <cmath>

LATHE_SERVICE_ID(example_histogram_api, EXAMPLE_HISTOGRAM)

namespace {

void quantiles(lathe::context, const float* elements, std::uint64_t size, const double* shares,
               std::uint64_t count, double* out) {
  std::vector<float> sorted(elements, elements + size);
  if (sorted.empty()) throw lathe::invalid_argument("a tensor without elements has no quantiles");
  for (const float x : sorted) {
    if (std::isnan(x)) throw lathe::invalid_argument("a tensor with NaN has no quantiles");
  }
  std::sort(sorted.begin(), sorted.end());
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!(shares[i] >= 0.0 && shares[i] <= 1.0)) {
      throw lathe::invalid_argument("a quantile is asked for by a share from 0 to 1");
    }
    const double place = shares[i] * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    const double part = place - static_cast<double>(below);
    out[i] = (1.0 - part) * double{sorted[below]} + part * double{sorted[above]};
  }
}

constexpr example_histogram_api kHistogram = {sizeof(example_histogram_api), 0,
                                              lathe::served<quantiles>};

}  // namespace

LATHE_MODULE(lathe::offers(kHistogram))
