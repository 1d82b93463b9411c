// Contents of another element type, as PyTorch's load_state_dict converts them.
#pragma once

#include "core/tensor/tensor.hpp"

namespace lathe {

// The same numbers as `dtype`: rounded to nearest where it is narrower, cut off towards zero from
// floating point to integers.
Tensor converted(const Tensor& tensor, DType dtype);

// Each element becomes its negative; booleans stay. A zero and a NaN change their sign.
void negate(DType dtype, std::span<std::byte> bytes);

// PyTorch calls any byte but 0 true; memory that C++ reads as bool may hold only 0 and 1.
void normalise_booleans(std::span<std::byte> bytes);

}  // namespace lathe
