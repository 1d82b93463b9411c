#include "core/tensor/initialiser.hpp"

#include "core/base/error.hpp"
#include "core/tensor/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

namespace lathe {

namespace {

using Kind = Initialiser::Kind;

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
  const Kind kind = initialiser.kind;
  const double a = initialiser.a, b = initialiser.b;
  // Rounding to T may reach the upper end, which the interval excludes.
  const T low = static_cast<T>(a);
  const T last =
      std::max(low, std::nextafter(static_cast<T>(b), -std::numeric_limits<T>::infinity()));
  store<T>(out, [&](std::size_t i) -> T {
    if (i % kRun == 0) {
      if (kind == Kind::uniform) {
        uniform(seed, stream, i, run);
      } else {
        normal(seed, stream, i, run);
      }
    }
    const double x = run[i % kRun];
    if (kind == Kind::normal) return static_cast<T>(a + b * x);
    return std::min(static_cast<T>(a + (b - a) * x), last);
  });
}

bool is_float(DType dtype) { return dtype == DType::float32 || dtype == DType::float64; }

bool fits(double number, DType dtype) {
  return dtype == DType::float32 ? std::isfinite(static_cast<float>(number))
                                 : std::isfinite(number);
}

// Integers of a type that can be initialised at all.
template <typename T>
bool is_whole(double number) {
  // The upper end is a power of two, which doubles hold.
  return std::trunc(number) == number &&
         number >= static_cast<double>(std::numeric_limits<T>::min()) &&
         number < -static_cast<double>(std::numeric_limits<T>::min());
}

}  // namespace

std::string_view name(Kind kind) {
  constexpr std::array<std::string_view, 3> kNames{"constant", "uniform", "normal"};
  return kNames.at(static_cast<std::size_t>(kind) - LATHE_INITIALISER_CONSTANT);
}

std::optional<Initialiser> initialiser_from(lathe_initialiser_kind kind, double a, double b) {
  if (kind < LATHE_INITIALISER_CONSTANT || kind > LATHE_INITIALISER_NORMAL) return std::nullopt;
  const bool constant = kind == LATHE_INITIALISER_CONSTANT;
  return Initialiser{static_cast<Kind>(kind), a, constant ? 0.0 : b};
}

void check_initialiser(const Initialiser& initialiser, DType dtype) {
  const Kind kind = initialiser.kind;
  const double a = initialiser.a, b = initialiser.b;
  const auto refuse = [&](const std::string& why) {
    throw usage_error(fmt::format("its {} initialiser {}", name(kind), why));
  };
  if (!std::isfinite(a) || !std::isfinite(b)) {
    refuse(fmt::format("has numbers that are not finite: {}, {}", a, b));
  }
  if (kind == Kind::normal && b < 0.0) {
    refuse(fmt::format("has a negative standard deviation: {}", b));
  }
  if (kind == Kind::uniform && (a > b || !std::isfinite(b - a))) {
    refuse(fmt::format("cannot begin at {} and end at {}", a, b));
  }
  if (is_float(dtype)) {
    if (!fits(a, dtype) || !fits(b, dtype)) {
      refuse(fmt::format("has numbers that are too large for {}: {}, {}", name(dtype), a, b));
    }
    return;
  }
  if (kind == Kind::constant && a == 0.0) return;
  if (kind != Kind::constant || (dtype != DType::int64 && dtype != DType::int32)) {
    refuse(fmt::format("cannot make contents of type {}", name(dtype)));
  }
  if (dtype == DType::int64 ? !is_whole<std::int64_t>(a) : !is_whole<std::int32_t>(a)) {
    refuse(fmt::format("of {} gives no {}", a, name(dtype)));
  }
}

Tensor initialise(const Initialiser& initialiser, DType dtype, const Shape& shape,
                  std::uint64_t seed, std::string_view parameter_name) {
  const std::uint64_t stream = stream_of(parameter_name);
  const bool constant = initialiser.kind == Kind::constant;
  return Tensor::make(dtype, shape, [&](std::span<std::byte> out) {
    if (constant && initialiser.a == 0.0) return;  // memory is zeroed
    if (dtype == DType::float32) {
      constant ? fill_constant<float>(out, initialiser.a)
               : fill_random<float>(out, initialiser, seed, stream);
    } else if (dtype == DType::float64) {
      constant ? fill_constant<double>(out, initialiser.a)
               : fill_random<double>(out, initialiser, seed, stream);
    } else if (constant && dtype == DType::int64) {
      fill_constant<std::int64_t>(out, initialiser.a);
    } else if (constant && dtype == DType::int32) {
      fill_constant<std::int32_t>(out, initialiser.a);
    } else {
      throw usage_error(
          fmt::format("parameter '{}' of type {} cannot be initialised; give it contents",
                      parameter_name, name(dtype)));
    }
  });
}

}  // namespace lathe
