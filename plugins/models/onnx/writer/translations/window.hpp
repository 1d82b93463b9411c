// Windows of convolutions and pools as ONNX has them.
#pragma once

#include "../layer.hpp"

namespace onnx_writer {

// Padding of PyTorch, the same on both sides, as ONNX's pads: all begins, then all ends.
inline std::vector<std::int64_t> pads_of(const std::vector<std::int64_t>& padding) {
  std::vector<std::int64_t> pads = padding;
  pads.insert(pads.end(), padding.begin(), padding.end());
  return pads;
}

inline lathe::error cannot(std::initializer_list<std::string_view> why) {
  return {LATHE_UNIMPLEMENTED, lathe::join(why)};
}

}  // namespace onnx_writer
