// The option block_size with what goes with it: the blocks of a tensor on its site.
#pragma once

#include "grid.hpp"

namespace formats {

constexpr const char* kBlockSizeDoc =
    "Extents of a block, right-aligned with the shape; -1, or more than the dimension has: the "
    "whole dimension. Dimensions in front of the list have blocks of 1, and so has the first "
    "(batch) dimension of an activation.";
constexpr const char* kSkipFirstDimDoc =
    "Whether the first dimension has blocks of 1; NA: that of activations has. MASE's name.";

class BlockOption {
 public:
  explicit BlockOption(lathe::options o)
      : size_(checked_block_size(o)), skips_(o.has("skip_first_dim")) {
    if (skips_) skip_ = o.boolean("skip_first_dim");
  }
  const Extents& size() const { return size_; }

  Extents extents(const lathe::site& site, lathe::shape shape) const {
    return block_extents(size_, shape, keeps_first_apart(site));
  }
  bool keeps_first_apart(const lathe::site& site) const {
    return skips_ ? skip_ : site.is_activation();
  }
  // Whether no block of an activation reaches over several of its rows.
  bool keeps_rows_apart() const { return !skips_ || skip_; }

  // As the original takes a tensor: of more than three dimensions the leading ones are one, missing
  // extents are whole dimensions, surplus ones are passed over. `shape` becomes the shape it sees.
  Extents original_extents(const lathe::site& site, Extents& shape) const {
    while (shape.size() > 3) {
      shape[1] *= shape[0];
      shape.erase(shape.begin());
    }
    Extents block(shape.size(), 1);
    for (std::size_t back = 1; back <= shape.size(); ++back) {
      const std::size_t d = shape.size() - back;
      const std::int64_t extent = d == 0 && skips_first_in_original(site, shape.size())
                                      ? 1
                                      : std::max<std::int64_t>(shape[d], 1);
      const std::int64_t wanted = back > size_.size() ? -1 : size_[size_.size() - back];
      block[d] = wanted == -1 ? extent : std::min(wanted, extent);
    }
    return block;
  }

  // How many dimensions its blocks have.
  std::size_t original_dimensions(const lathe::site& site, const Extents& shape) const {
    return shape.size() - (!shape.empty() && skips_first_in_original(site, shape.size()) ? 1 : 0);
  }

 private:
  // Of functions of two operands it goes by the rank; all other activations have it.
  bool skips_first_in_original(const lathe::site& site, std::size_t rank) const {
    if (skips_) return skip_;
    for (const char* op : {"add", "sub", "mul", "matmul", "bmm"}) {
      if (site.op() == op) return rank > 2;
    }
    return site.is_activation() || (site.role() == LATHE_ROLE_WEIGHT && site.op() != "linear");
  }

  Extents size_;
  bool skips_, skip_ = false;
};

inline Extents to_extents(lathe::shape shape) { return {shape.begin(), shape.end()}; }

// Bits to store the tensor of a site, with blocks as they are there.
inline double storage_of_blocks(const lathe::site& site, const BlockOption& option,
                                bool mase_compat, int width, int shared) {
  if (!mase_compat) {
    return storage_of_blocks(site.shape(), option.extents(site, site.shape()), width, shared);
  }
  Extents shape = to_extents(site.shape());
  const Extents block = option.original_extents(site, shape);
  return storage_of_blocks(lathe::shape(shape.data(), shape.size()), block, width, shared);
}

}  // namespace formats
