// Windows that slide over the dimensions behind batch and channels: of convolutions and pools.
#pragma once

#include "../network.hpp"

namespace onnx_reader {

struct Window {
  std::vector<std::int64_t> kernel, stride, dilation, before, after;  // padding on either side

  bool is_even() const { return before == after; }
  bool has_padding() const;
  // Whether PyTorch's padding "same" is this: steps of 1, the larger half behind.
  bool is_same() const;
  std::vector<std::int64_t> reach() const;  // of the kernel with its gaps
};

// Of the attributes of a node that reads extents [batch, channels, ...], padding resolved. Throws
// lathe::error for what cannot be.
Window window_of(const Node& node, const Extents& x, std::vector<std::int64_t> kernel);

// Extents of what the window makes, batch and channels aside; `ceil`: a last window may hang over.
Extents slid(const Window& window, const Extents& x, bool ceil);

// The same x with margins of `fill`, the window's own padding then being none.
lathe::node_id padded(Network& net, Window& window, lathe::node_id x, double fill);

}  // namespace onnx_reader
