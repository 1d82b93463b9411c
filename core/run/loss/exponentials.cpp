#include "core/run/loss/exponentials.hpp"

#include <algorithm>
#include <bit>

// Once more for processors with wider vectors; neither has fused multiplication, which would round
// otherwise than without.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define LATHE_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define LATHE_WIDE
#endif

namespace lathe::run {
namespace {

constexpr std::size_t kRows = Exponentials::kRows;
// So many exponentials are added up as floats; of a vocabulary these sums as doubles.
constexpr std::size_t kAddedAtOnce = 256;

// exp(x) of x <= 0: x = n log 2 + r with |r| <= log(2) / 2, and a polynomial for exp(r), whose
// coefficients are those of the Cephes library's expf.
inline float exp_of(float x) {
  constexpr float kShift = 12582912.0F;  // 1.5 * 2^23: what is added to it has no fraction
  const float shifted = x * 1.44269504088896341F + kShift;
  const float n = shifted - kShift;
  // log 2 in two parts; the first has so few digits that its multiples are exact.
  const float r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  float y = 1.9875691500E-4F;
  y = y * r + 1.3981999507E-3F;
  y = y * r + 8.3334519073E-3F;
  y = y * r + 4.1665795894E-2F;
  y = y * r + 1.6666665459E-1F;
  y = y * r + 5.0000001201E-1F;
  y = y * (r * r) + r + 1.0F;
  const std::uint32_t power = (std::bit_cast<std::uint32_t>(shifted) + 127U) << 23U;
  const float exact = y * std::bit_cast<float>(power);
  return x < -87.0F ? 0.0F : exact;  // a NaN is not below, and comes through
}

// `values`: [class][row], logits that become their exponentials.
LATHE_WIDE void exponentiate(float* values, std::size_t classes, float* top, std::int32_t* best,
                             double* total) {
  for (std::size_t r = 0; r < kRows; ++r) {
    top[r] = values[r];
    best[r] = 0;
    total[r] = 0;
  }
  for (std::size_t c = 1; c < classes; ++c) {
    const float* of_class = values + c * kRows;
    for (std::size_t r = 0; r < kRows; ++r) {
      const bool larger = of_class[r] > top[r];
      top[r] = larger ? of_class[r] : top[r];
      best[r] = larger ? static_cast<std::int32_t>(c) : best[r];
    }
  }
  for (std::size_t first = 0; first < classes; first += kAddedAtOnce) {
    float sum[kRows] = {};
    for (std::size_t c = first; c < std::min(classes, first + kAddedAtOnce); ++c) {
      float* of_class = values + c * kRows;
      for (std::size_t r = 0; r < kRows; ++r) {
        of_class[r] = exp_of(of_class[r] - top[r]);
        sum[r] += of_class[r];
      }
    }
    for (std::size_t r = 0; r < kRows; ++r) total[r] += static_cast<double>(sum[r]);
  }
}

}  // namespace

Exponentials::Exponentials(std::size_t classes) : classes_(classes), values_(classes * kRows) {}

void Exponentials::take(const float* logits, std::size_t rows) {
  for (std::size_t r = 0; r < kRows; ++r) {
    const float* row = logits + std::min(r, rows - 1) * classes_;
    for (std::size_t c = 0; c < classes_; ++c) values_[c * kRows + r] = row[c];
  }
  exponentiate(values_.data(), classes_, top_, best_, total_);
}

}  // namespace lathe::run
