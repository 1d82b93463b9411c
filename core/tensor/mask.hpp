// Masks: float32 tensors of 0 and 1 that say which elements of another are kept.
#pragma once

#include "core/tensor/tensor.hpp"

#include <algorithm>

namespace lathe {

// Puts 0 where the mask has it, whatever stood there.
inline void mask_values(std::span<float> values, std::span<const float> mask) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = mask[i] == 0.0F ? 0.0F : values[i];
}

// A masked copy. REQUIRES: float32, of one shape.
inline Tensor masked(const Tensor& whole, const Tensor& mask) {
  return Tensor::make(DType::float32, whole.shape(), [&](std::span<std::byte> out) {
    std::ranges::copy(whole.bytes(), out.begin());
    auto* values = reinterpret_cast<float*>(out.data());
    mask_values({values, static_cast<std::size_t>(whole.numel())}, mask.values<float>());
  });
}

// The first element that is neither 0 nor 1; mask.size() if there is none.
inline std::size_t first_unfit(std::span<const float> mask) {
  const auto found = std::ranges::find_if(mask, [](float x) { return x != 0.0F && x != 1.0F; });
  return static_cast<std::size_t>(found - mask.begin());
}

}  // namespace lathe
