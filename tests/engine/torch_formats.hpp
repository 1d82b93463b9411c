// Every number format's formula in its default mode, as a chain of LibTorch operators in float32
// the way torch users write it. Two things are held against them: gradients (format_gradients_test)
// and speed (bench/formats). They know finite numbers only, and nothing of the plugins.
#pragma once

#include "core/base/value.hpp"

#include <ATen/ATen.h>

#include <string_view>
#include <vector>

namespace lathe_test {

// The tensor that a format sits on, as far as values follow from it.
struct TorchSite {
  bool is_activation = true;  // its first dimension is never blocked
  bool is_unsigned = false;
  std::int64_t channel_axis = -1;
};

// What the format makes of x. `options` are all of the format's, by the names of their table; NA is
// chosen as the format chooses it. `state` is what it learns, in the order of its state().
// Throws std::invalid_argument for a format or an option that is not written here.
at::Tensor torch_format(std::string_view id, const lathe::Value& options, const at::Tensor& x,
                        const TorchSite& site, const std::vector<at::Tensor>& state = {});

// The same for autograd: straight through, clipped where the format says so, and with the gradients
// of what it learns.
at::Tensor differentiable_torch_format(std::string_view id, const lathe::Value& options,
                                       const at::Tensor& x, const TorchSite& site,
                                       const std::vector<at::Tensor>& state = {});

// The same values written over x, for formats whose chain needs no second tensor; false: this one
// needs some.
bool torch_format_in_place(std::string_view id, const lathe::Value& options, at::Tensor& x,
                           const TorchSite& site);

}  // namespace lathe_test
