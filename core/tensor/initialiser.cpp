#include "core/tensor/initialiser.hpp"

#include "core/base/error.hpp"
#include "core/tensor/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace lathe {

namespace {

// Calls `element(i)` for each element and stores what it gives as T.
template <typename T, typename Element>
void store(std::span<std::byte> out, Element element) {
  const std::size_t n = out.size() / sizeof(T);
  for (std::size_t i = 0; i < n; ++i) {
    const T value = static_cast<T>(element(i));
    std::memcpy(out.data() + i * sizeof(T), &value, sizeof(T));
  }
}

template <typename T>
void fill_constant(std::span<std::byte> out, double value) {
  store<T>(out, [&](std::size_t) { return value; });
}

// Random numbers come in runs, so that both elements of a Philox block are used.
template <typename T>
void fill_random(std::span<std::byte> out, const Initialiser& initialiser, std::uint64_t seed,
                 std::uint64_t stream) {
  constexpr std::size_t kRun = 256;
  std::array<double, kRun> run{};
  const double bound = initialiser.value;
  // Rounding to T may reach the bound, which the interval excludes.
  const T last = std::nextafter(static_cast<T>(bound), T{0});
  store<T>(out, [&](std::size_t i) -> T {
    if (i % kRun == 0) {
      if (initialiser.kind == Initialiser::Kind::uniform) {
        uniform(seed, stream, i, run);
      } else {
        normal(seed, stream, i, run);
      }
    }
    const double x = run[i % kRun];
    if (initialiser.kind == Initialiser::Kind::normal) return static_cast<T>(bound * x);
    return std::min(static_cast<T>(-bound + 2.0 * bound * x), last);
  });
}

}  // namespace

Tensor initialise(const Initialiser& initialiser, DType dtype, const Shape& shape,
                  std::uint64_t seed, std::string_view parameter_name) {
  const std::uint64_t stream = stream_of(parameter_name);
  const bool constant = initialiser.kind == Initialiser::Kind::constant;
  return Tensor::make(dtype, shape, [&](std::span<std::byte> out) {
    if (constant && initialiser.value == 0.0) return;  // memory is zeroed
    if (dtype == DType::float32) {
      constant ? fill_constant<float>(out, initialiser.value)
               : fill_random<float>(out, initialiser, seed, stream);
    } else if (dtype == DType::float64) {
      constant ? fill_constant<double>(out, initialiser.value)
               : fill_random<double>(out, initialiser, seed, stream);
    } else if (constant && dtype == DType::int64) {
      fill_constant<std::int64_t>(out, initialiser.value);
    } else if (constant && dtype == DType::int32) {
      fill_constant<std::int32_t>(out, initialiser.value);
    } else {
      throw usage_error(
          fmt::format("parameter '{}' of type {} cannot be initialised; give it contents",
                      parameter_name, name(dtype)));
    }
  });
}

}  // namespace lathe
