// Contents of another element type, as PyTorch's load_state_dict converts them.
#pragma once

#include "core/tensor/tensor.hpp"

namespace lathe {

// The same numbers as `dtype`: rounded to nearest where it is narrower, cut off towards zero from
// floating point to integers.
Tensor converted(const Tensor& tensor, DType dtype);

}  // namespace lathe
