// How a parameter's contents come into being: PyTorch's default initialisers or what a model says,
// keyed by (seed, parameter name), so that a network has contents without anyone having stored
// them.
#pragma once

#include "core/tensor/tensor.hpp"

#include <string_view>

namespace lathe {

struct Initialiser {
  enum class Kind : std::uint8_t {
    constant,  // a
    uniform,   // on [a, b): PyTorch's Linear and Conv use b = -a = 1/sqrt(fan_in)
    normal,    // mean a, standard deviation b
  };
  Kind kind = Kind::constant;
  double a = 0.0;
  double b = 0.0;
  bool operator==(const Initialiser&) const = default;
};
std::string_view name(Initialiser::Kind kind);  // "constant"

// Refuses numbers of which no contents of that type can be made: not finite, ends in the wrong
// order, a negative deviation, random integers. Throws usage_error that says why, not where.
void check_initialiser(const Initialiser& initialiser, DType dtype);

Tensor initialise(const Initialiser& initialiser, DType dtype, const Shape& shape,
                  std::uint64_t seed, std::string_view parameter_name);

}  // namespace lathe
