// Walks a tensor by stretches that share an index along an axis.
#pragma once

#include <lathe/lathe.hpp>

namespace quantize {

// Calls see(index, begin, count) for every stretch of `count` elements from `begin` on that have
// the same index along `axis`, in order; without an axis (-1) for every row of dimension 0, with
// index 0. What is summed up by stretches is so the same for any batch size.
template <class See>
void for_each_run(lathe::shape shape, int axis, See see) {
  const std::uint64_t whole = lathe::element_count(shape);
  if (whole == 0) return;
  if (axis < 0) {
    const std::uint64_t rows = shape.size() == 0 ? 1 : static_cast<std::uint64_t>(shape[0]);
    for (std::uint64_t r = 0; r < rows; ++r)
      see(std::uint64_t{0}, r * (whole / rows), whole / rows);
    return;
  }
  std::uint64_t inner = 1;
  for (auto d = static_cast<std::uint64_t>(axis) + 1; d < shape.size(); ++d) {
    inner *= static_cast<std::uint64_t>(shape[d]);
  }
  const auto extent = static_cast<std::uint64_t>(shape[static_cast<std::uint64_t>(axis)]);
  for (std::uint64_t begin = 0, index = 0; begin < whole; begin += inner) {
    see(index, begin, inner);
    if (++index == extent) index = 0;
  }
}

}  // namespace quantize
