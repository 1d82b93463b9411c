#include "core/checkpoint/convert.hpp"

#include <bit>
#include <cmath>
#include <cstring>

namespace lathe {

namespace {

double from_half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  double magnitude = 0;
  if (exponent == 31) {
    magnitude = fraction == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    magnitude = std::ldexp(fraction, -24);
  } else {
    magnitude = std::ldexp(1024 + fraction, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

double from_bfloat(std::uint16_t bits) {
  return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16));
}

// Round to nearest, ties to even, in one step from double.
std::uint16_t to_half(double value) {
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | 0x7e00);
  const double magnitude = std::fabs(value);
  if (magnitude >= 65520.0) return static_cast<std::uint16_t>(sign | 0x7c00);
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  const int unit = std::max(exponent - 11, -24);  // weight of the last bit
  const auto count = static_cast<std::uint32_t>(std::nearbyint(std::ldexp(magnitude, -unit)));
  // Normal numbers carry their leading bit into the exponent field, a rounding carry included.
  const auto field = static_cast<std::uint32_t>(unit + 24) * 1024 + count;
  return static_cast<std::uint16_t>(sign | field);
}

std::uint16_t to_bfloat(double value) {
  const auto single = static_cast<float>(value);
  if (std::isnan(single)) return 0x7fc0;
  auto bits = std::bit_cast<std::uint32_t>(single);
  bits += 0x7fff + ((bits >> 16) & 1);
  return static_cast<std::uint16_t>(bits >> 16);
}

template <typename T>
T element(const std::byte* from, std::size_t i) {
  T value;
  std::memcpy(&value, from + i * sizeof(T), sizeof(T));
  return value;
}

bool is_float(DType dtype) {
  return dtype == DType::float32 || dtype == DType::float64 || dtype == DType::float16 ||
         dtype == DType::bfloat16;
}

double read_real(DType dtype, const std::byte* from, std::size_t i) {
  switch (dtype) {
    case DType::float32:
      return static_cast<double>(element<float>(from, i));
    case DType::float64:
      return element<double>(from, i);
    case DType::float16:
      return from_half(element<std::uint16_t>(from, i));
    default:
      return from_bfloat(element<std::uint16_t>(from, i));
  }
}

std::int64_t read_integer(DType dtype, const std::byte* from, std::size_t i) {
  switch (dtype) {
    case DType::int8:
      return element<std::int8_t>(from, i);
    case DType::int16:
      return element<std::int16_t>(from, i);
    case DType::int32:
      return element<std::int32_t>(from, i);
    case DType::int64:
      return element<std::int64_t>(from, i);
    default:
      return element<std::uint8_t>(from, i);
  }
}

template <typename T>
void put(std::byte* to, std::size_t i, T value) {
  std::memcpy(to + i * sizeof(T), &value, sizeof(T));
}

void write_real(DType dtype, std::byte* to, std::size_t i, double value) {
  switch (dtype) {
    case DType::float32:
      return put(to, i, static_cast<float>(value));
    case DType::float64:
      return put(to, i, value);
    case DType::float16:
      return put(to, i, to_half(value));
    default:
      return put(to, i, to_bfloat(value));
  }
}

void write_integer(DType dtype, std::byte* to, std::size_t i, std::int64_t value) {
  switch (dtype) {
    case DType::int8:
      return put(to, i, static_cast<std::int8_t>(value));
    case DType::int16:
      return put(to, i, static_cast<std::int16_t>(value));
    case DType::int32:
      return put(to, i, static_cast<std::int32_t>(value));
    case DType::int64:
      return put(to, i, value);
    case DType::boolean:
      return put(to, i, static_cast<std::uint8_t>(value != 0));
    default:
      return put(to, i, static_cast<std::uint8_t>(value));
  }
}

std::int64_t truncated(double value) {
  constexpr double kLimit = 9223372036854775808.0;
  if (std::isnan(value)) return 0;
  if (value >= kLimit) return INT64_MAX;
  if (value < -kLimit) return INT64_MIN;
  return static_cast<std::int64_t>(value);
}

}  // namespace

Tensor converted(const Tensor& tensor, DType dtype) {
  if (tensor.dtype() == dtype) return tensor;
  const std::byte* from = tensor.bytes().data();
  const auto count = static_cast<std::size_t>(tensor.numel());
  const DType source = tensor.dtype();
  return Tensor::make(dtype, tensor.shape(), [&](std::span<std::byte> out) {
    for (std::size_t i = 0; i < count; ++i) {
      if (is_float(source)) {
        const double value = read_real(source, from, i);
        if (is_float(dtype))
          write_real(dtype, out.data(), i, value);
        else if (dtype == DType::boolean)
          write_integer(dtype, out.data(), i, value != 0 ? 1 : 0);
        else
          write_integer(dtype, out.data(), i, truncated(value));
      } else {
        const std::int64_t value = read_integer(source, from, i);
        if (is_float(dtype))
          write_real(dtype, out.data(), i, static_cast<double>(value));
        else
          write_integer(dtype, out.data(), i, value);
      }
    }
  });
}

void negate(DType dtype, std::span<std::byte> bytes) {
  const std::size_t element = element_size(dtype);
  if (dtype == DType::boolean) return;
  for (std::size_t at = 0; at < bytes.size(); at += element) {
    if (is_float(dtype)) {  // the sign is the highest bit
      bytes[at + element - 1] ^= std::byte{0x80};
    } else {
      const std::int64_t value = read_integer(dtype, bytes.data() + at, 0);
      write_integer(dtype, bytes.data() + at, 0,
                    static_cast<std::int64_t>(-static_cast<std::uint64_t>(value)));
    }
  }
}

void normalise_booleans(std::span<std::byte> bytes) {
  for (std::byte& b : bytes) b = b == std::byte{0} ? std::byte{0} : std::byte{1};
}

}  // namespace lathe
