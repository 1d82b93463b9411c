// How a parameter's contents come into being: PyTorch's default initialisers or what a model says,
// keyed by (seed, parameter name), so that a network has contents without anyone having stored
// them.
#pragma once

#include "core/tensor/tensor.hpp"

#include <lathe/initialiser.h>

#include <optional>
#include <string_view>

namespace lathe {

struct Initialiser {
  enum class Kind : std::uint8_t {
    constant = LATHE_INITIALISER_CONSTANT,  // a
    // On [a, b): PyTorch's Linear and Conv use b = -a = 1/sqrt(fan_in).
    uniform = LATHE_INITIALISER_UNIFORM,
    normal = LATHE_INITIALISER_NORMAL,  // mean a, standard deviation b
  };
  Kind kind = Kind::constant;
  double a = 0.0;
  double b = 0.0;
  bool operator==(const Initialiser&) const = default;
};
std::string_view name(Initialiser::Kind kind);  // "constant"
// Nothing for a kind that is not known. The numbers are not checked.
std::optional<Initialiser> initialiser_from(lathe_initialiser_kind kind, double a, double b);

// Refuses numbers of which no contents of that type can be made: not finite, ends in the wrong
// order, a negative deviation, random integers. Throws usage_error that says why, not where.
void check_initialiser(const Initialiser& initialiser, DType dtype);

Tensor initialise(const Initialiser& initialiser, DType dtype, const Shape& shape,
                  std::uint64_t seed, std::string_view parameter_name);

}  // namespace lathe
