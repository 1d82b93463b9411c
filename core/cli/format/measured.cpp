#include "core/cli/format/measured.hpp"

#include <algorithm>
#include <cmath>

namespace lathe {

namespace {

// Of the levels of codes, or of values: +0 and -0 are one.
std::size_t distinct(std::vector<double> numbers) {
  std::erase_if(numbers, [](double number) { return std::isnan(number); });
  std::ranges::sort(numbers);
  const auto rest = std::ranges::unique(numbers);
  return numbers.size() - rest.size();
}

void add_errors(Measured& out, std::span<const float> x, std::span<const float> y) {
  double sum = 0, squares = 0, signal = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    out.nans += std::isnan(x[i]) ? 1 : 0;
    out.infinities += std::isinf(x[i]) ? 1 : 0;
    out.became_zero += x[i] != 0 && y[i] == 0 ? 1 : 0;
    if (!std::isfinite(x[i]) || !std::isfinite(y[i])) continue;
    const double number = static_cast<double>(x[i]);
    const double error = std::abs(static_cast<double>(y[i]) - number);
    out.max_abs = std::max(out.max_abs, error);
    sum += error;
    squares += error * error;
    signal += number * number;
    ++count;
  }
  if (count == 0) return;
  out.mean_abs = sum / static_cast<double>(count);
  out.mean_square = squares / static_cast<double>(count);
  out.snr_db = squares == 0 ? INFINITY : 10 * std::log10(signal / squares);
}

// A scale that was rounded to float32 leaves the largest number a little beyond: none is clipped.
std::size_t clipped_beyond(std::span<const float> x, double low, double high) {
  constexpr double kRounding = 0x1p-22;
  low -= kRounding * std::abs(low);
  high += kRounding * std::abs(high);
  return static_cast<std::size_t>(std::ranges::count_if(x, [&](float number) {
    return static_cast<double>(number) < low || static_cast<double>(number) > high;
  }));
}

}  // namespace

Measured measured(std::span<const float> x, std::span<const float> y,
                  const Representable& representable, const IntegerCodes* codes) {
  Measured out;
  add_errors(out, x, y);
  if (codes == nullptr) {
    out.levels_used = distinct({y.begin(), y.end()});
    if (representable.unknown.empty() && !representable.shared)
      out.clipped = clipped_beyond(x, representable.lowest, representable.largest);
    return out;
  }
  const std::vector<std::size_t> blocks = codes->block_numbers();
  std::vector<double> levels(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) levels[i] = codes->level(i, blocks[i]);
  out.levels_used = distinct(std::move(levels));
  if (!representable.ends) return out;
  std::size_t clipped = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t block = blocks[i];
    const double scale = codes->scale[block];
    const double zero =
        codes->zero_point.empty() ? 0 : static_cast<double>(codes->zero_point[block]);
    clipped += clipped_beyond(x.subspan(i, 1), (representable.ends->low - zero) * scale,
                              (representable.ends->high - zero) * scale);
  }
  out.clipped = clipped;
  return out;
}

}  // namespace lathe
