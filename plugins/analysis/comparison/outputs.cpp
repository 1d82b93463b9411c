#include "outputs.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

// Once more for processors with wider vectors; neither has fused multiplication, which would round
// otherwise than without.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define LATHE_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define LATHE_WIDE
#endif

namespace analysis {

namespace {

constexpr std::size_t kLanes = 8;
// A logit so far below the largest has no probability; it fills lanes up.
constexpr double kNoLogit = -1000.0;

// exp(x) of x <= 0: x = n log 2 + r with |r| <= log(2) / 2, and exp(r) by its series, whose next
// term is below 1e-17. 0 below e^-700; a NaN comes through.
inline double exp_of(double x) {
  constexpr double kShift = 6755399441055744.0;  // 1.5 * 2^52: what is added to it has no fraction
  const double shifted = x * 1.4426950408889634 + kShift;
  const double n = shifted - kShift;
  // log 2 in two parts; the first has so few digits that its multiples are exact.
  const double r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10;
  double y = 1.0 / 6227020800.0;
  y = y * r + 1.0 / 479001600.0;
  y = y * r + 1.0 / 39916800.0;
  y = y * r + 1.0 / 3628800.0;
  y = y * r + 1.0 / 362880.0;
  y = y * r + 1.0 / 40320.0;
  y = y * r + 1.0 / 5040.0;
  y = y * r + 1.0 / 720.0;
  y = y * r + 1.0 / 120.0;
  y = y * r + 1.0 / 24.0;
  y = y * r + 1.0 / 6.0;
  y = y * r + 0.5;
  y = y * r + 1.0;
  y = y * r + 1.0;
  std::uint64_t bits = 0;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + 1023U) << 52U;
  double power = 0;
  std::memcpy(&power, &bits, sizeof power);
  return x < -700.0 ? 0.0 : y * power;
}

struct Sums {
  double original = 0, now = 0;  // of exp
  double difference = 0;         // of exp of the original times what its logit lies above the other
};

// The lanes are added up in one order, whatever the vectors' width.
LATHE_WIDE Sums sums_of(const double* original, const double* now, std::size_t count) {
  double of_original[kLanes] = {}, of_now[kLanes] = {}, difference[kLanes] = {};
  for (std::size_t first = 0; first < count; first += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double a = original[first + lane], b = now[first + lane];
      const double p = exp_of(a);
      of_original[lane] += p;
      of_now[lane] += exp_of(b);
      // Two infinities have no difference, and no part in the sum.
      difference[lane] += p == 0.0 ? 0.0 : p * (a - b);
    }
  }
  Sums sums;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    sums.original += of_original[lane];
    sums.now += of_now[lane];
    sums.difference += difference[lane];
  }
  return sums;
}

// The first of the largest; `count` if one is NaN, which is larger than nothing.
std::size_t largest_of(const float* values, std::size_t count) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (std::isnan(values[i])) return count;
    if (values[i] > values[best]) best = i;
  }
  return best;
}

void lay_below(const float* values, std::size_t count, std::size_t largest,
               std::vector<double>& into) {
  const double top = largest < count ? static_cast<double>(values[largest])
                                     : std::numeric_limits<double>::quiet_NaN();
  for (std::size_t i = 0; i < count; ++i) into[i] = static_cast<double>(values[i]) - top;
}

}  // namespace

void OutputDifference::add(const OutputDifference& more) {
  divergence += more.divergence;
  signal += more.signal;
  noise += more.noise;
  agreeing += more.agreeing;
  places += more.places;
  rows += more.rows;
}

double OutputDifference::noise_to_signal() const {
  constexpr double kLeast = 1e-30, kMost = 1e30;
  if (noise == 0) return kLeast;
  return std::clamp(noise / signal, kLeast, kMost);
}

double OutputDifference::decibels() const { return -10.0 * std::log10(noise_to_signal()); }

OutputComparison::OutputComparison(std::size_t places, std::size_t width, bool of_classes)
    : places_(places),
      width_(width),
      of_classes_(of_classes),
      original_((width + kLanes - 1) / kLanes * kLanes, kNoLogit),
      now_(original_) {}

OutputDifference OutputComparison::row(const float* original, const float* now,
                                       const std::int64_t* targets) {
  OutputDifference found;
  found.rows = 1;
  for (std::size_t place = 0; place < places_; ++place, original += width_, now += width_) {
    if (targets != nullptr && targets[place] == kIgnored) continue;
    ++found.places;
    for (std::size_t i = 0; i < width_; ++i) {
      const auto a = static_cast<double>(original[i]);
      const double error = static_cast<double>(now[i]) - a;
      found.signal += a * a;
      found.noise += error * error;
    }
    if (of_classes_) compare_classes(original, now, found);
  }
  return found;
}

void OutputComparison::compare_classes(const float* original, const float* now,
                                       OutputDifference& to) {
  const std::size_t a = largest_of(original, width_), b = largest_of(now, width_);
  to.agreeing += a == b && a < width_ ? 1 : 0;
  lay_below(original, width_, a, original_);
  lay_below(now, width_, b, now_);
  const Sums sums = sums_of(original_.data(), now_.data(), original_.size());
  const double divergence =
      sums.difference / sums.original - std::log(sums.original) + std::log(sums.now);
  // Not max(), so that NaN comes through; below 0 it is by rounding.
  to.divergence += divergence < 0 ? 0.0 : divergence;
}

}  // namespace analysis
