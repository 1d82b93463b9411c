// Number formats on LibTorch's tensors, and their gradient for autograd. Knows nothing about
// graphs.
#pragma once

#include "core/run/quantizer.hpp"

#include <ATen/ATen.h>

namespace lathe::engine {

// The nearest representable values, a fresh tensor on the device of x. `rows`: rows per call of the
// kernel in evaluation, because a format may look at the whole tensor; 0: all.
at::Tensor quantized(const run::Quantizer& format, const at::Tensor& x, bool training,
                     run::RandomPlace place, std::int64_t rows = 0);
// The same into `y`, contiguous float32 on the CPU of the shape of x.
void quantize_into(const run::Quantizer& format, const at::Tensor& x, at::Tensor& y, bool training,
                   run::RandomPlace place);
// The same for autograd, all rows in one call: y carries the gradient to x, straight through or as
// the format makes it. The format must outlive the backward pass.
at::Tensor differentiable(const run::Quantizer& format, const at::Tensor& x, bool training,
                          run::RandomPlace place);

}  // namespace lathe::engine
