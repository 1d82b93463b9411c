// How a parameter's contents come into being: PyTorch's default initialisers, keyed by
// (seed, parameter name), so that a network has contents without anyone having stored them.
#pragma once

#include "core/tensor/tensor.hpp"

#include <string_view>

namespace lathe {

struct Initialiser {
  enum class Kind : std::uint8_t {
    constant,  // value
    uniform,   // on [-value, value): PyTorch's Linear and Conv use value = 1/sqrt(fan_in)
    normal,    // mean 0, deviation value
  };
  Kind kind = Kind::constant;
  double value = 0.0;
  bool operator==(const Initialiser&) const = default;
};

Tensor initialise(const Initialiser& initialiser, DType dtype, const Shape& shape,
                  std::uint64_t seed, std::string_view parameter_name);

}  // namespace lathe
