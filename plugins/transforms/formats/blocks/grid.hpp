// A grid of blocks over a dense tensor: extents of blocks from an option block_size, and the pieces
// in which a kernel takes them, of any rank. Knows nothing about number formats.
#pragma once

#include <lathe/lathe.hpp>

#include <cstdint>
#include <vector>

namespace formats {

using Extents = std::vector<std::int64_t>;

// An option of block extents as a user gave it: each -1 or at least 1.
inline Extents checked_block_size(const lathe::options& options, const char* key = "block_size") {
  Extents size = options.integers(key);
  for (const std::int64_t extent : size) {
    if (extent == -1 || extent >= 1) continue;
    throw lathe::invalid_argument(lathe::join({"a block has an extent of ", std::to_string(extent),
                                               ": give 1 or more, or -1 for a whole dimension"}))
        .at_option(key);
  }
  if (size.empty()) throw lathe::invalid_argument("the list has no extent").at_option(key);
  return size;
}

// An extent for each dimension: `size` is right-aligned with the shape, -1 and what is longer than
// the dimension are the whole of it, and dimensions that `size` does not reach have blocks of 1. A
// scalar is a block. `first_apart`: no block reaches over several indices of the first dimension.
inline Extents block_extents(const Extents& size, lathe::shape shape, bool first_apart) {
  Extents block(shape.size(), 1);
  if (shape.empty()) return block;
  for (std::uint64_t back = 1; back <= size.size(); ++back) {
    const std::int64_t wanted = size[size.size() - back];
    if (back > shape.size()) {
      if (wanted == 1 || wanted == -1) continue;
      throw lathe::invalid_argument(
          lathe::join({"the list has ", std::to_string(size.size()), " extents, the tensor only ",
                       std::to_string(shape.size()),
                       " dimensions: leave out the leading ones, or give 1 for them"}))
          .at_option("block_size");
    }
    const std::int64_t extent = std::max<std::int64_t>(shape[shape.size() - back], 1);
    block[shape.size() - back] = wanted == -1 ? extent : std::min(wanted, extent);
  }
  if (first_apart && !block.empty()) block[0] = 1;
  return block;
}

// How many blocks there are, short ones counted.
inline std::uint64_t block_count(lathe::shape shape, const Extents& block) {
  std::uint64_t count = 1;
  for (std::uint64_t d = 0; d < shape.size(); ++d) {
    count *= shape[d] == 0 ? 0 : static_cast<std::uint64_t>((shape[d] - 1) / block[d] + 1);
  }
  return count;
}

// Bits to store a tensor: `width` for each element and `shared` for each block, but for one that is
// the whole tensor.
inline double storage_of_blocks(lathe::shape shape, const Extents& block, int width, int shared) {
  const std::uint64_t blocks = block_count(shape, block);
  return width * static_cast<double>(lathe::element_count(shape)) +
         (blocks > 1 ? shared * static_cast<double>(blocks) : 0.0);
}

// `rows` rows of `length` floats, one behind the other, each cut into blocks of `block`; the last
// of a row may be shorter.
struct Panel {
  std::uint64_t rows, length, block;
  std::uint64_t blocks_per_row() const { return (length - 1) / block + 1; }
  std::uint64_t blocks() const { return rows * blocks_per_row(); }
  std::uint64_t size() const { return rows * length; }
};

// The largest panel that a kernel is given, but where one block is larger: then it is that block.
constexpr std::uint64_t kPanel = 2048;

// Dimensions are merged where that changes no block, so that most grids are one or a few long rows.
class BlockGrid {
 public:
  BlockGrid(lathe::shape shape, const Extents& block) {
    for (std::uint64_t d = 0; d < shape.size(); ++d) {
      add(static_cast<std::uint64_t>(shape[d]), static_cast<std::uint64_t>(block[d]));
    }
    if (rank_ == 0) add(1, 1);
  }

  std::uint64_t count() const {
    std::uint64_t blocks = 1;
    for (std::uint64_t d = 0; d < rank_; ++d) blocks *= along(d);
    return blocks;
  }

  // Calls see(first, panel, rows) for pieces that cover the tensor, each block in one of them:
  // `first` is the number of its first block in row-major order; rows(visit) calls visit(offset)
  // for every place of the panel: the blocks of a piece lie side by side in one panel, or over
  // several panels that are alike.
  template <class See>
  void for_each_piece(See see) const {
    if (count() == 0) return;
    const std::uint64_t row = extent_[rank_ - 1], block = block_[rank_ - 1];
    if (rows_are_apart()) {
      const std::uint64_t rows = count() / along(rank_ - 1);
      if (row <= kPanel) {
        const std::uint64_t step = kPanel / row;
        for (std::uint64_t r = 0; r < rows; r += step) {
          const Panel panel = {std::min(step, rows - r), row, block};
          see(r * along(rank_ - 1), panel, [&](auto visit) { visit(r * row); });
        }
        return;
      }
    }
    Place at = {};
    std::uint64_t first = 0;
    do {
      strip(at, first, see);
      first += along(rank_ - 1);
    } while (next_cell(at));
  }

 private:
  static constexpr std::uint64_t kHighestRank = 64;
  struct Place {
    std::uint64_t cell[kHighestRank];
  };

  void add(std::uint64_t extent, std::uint64_t block) {
    if (rank_ > 0) {
      std::uint64_t& above = extent_[rank_ - 1];
      std::uint64_t& block_above = block_[rank_ - 1];
      if (block == extent) {
        above *= extent;
        block_above *= extent;
        return;
      }
      if (block_above == 1 && block != 0 && extent % block == 0) {
        above *= extent;
        block_above = block;
        return;
      }
    }
    if (rank_ == kHighestRank) {
      throw lathe::invalid_argument("blocks of a tensor with more than 64 dimensions");
    }
    extent_[rank_] = extent;
    block_[rank_] = block;
    ++rank_;
  }

  std::uint64_t along(std::uint64_t d) const {
    return extent_[d] == 0 ? 0 : (extent_[d] - 1) / block_[d] + 1;
  }
  bool rows_are_apart() const {
    for (std::uint64_t d = 0; d + 1 < rank_; ++d) {
      if (block_[d] != 1) return false;
    }
    return true;
  }

  // The blocks of one cell of the outer dimensions, by columns of the size of a panel.
  template <class See>
  void strip(const Place& at, std::uint64_t first, See& see) const {
    const std::uint64_t row = extent_[rank_ - 1], block = block_[rank_ - 1];
    const std::uint64_t step = block < kPanel ? kPanel / block * block : block;
    for (std::uint64_t column = 0; column < row; column += step) {
      const Panel panel = {1, std::min(step, row - column), block};
      see(first + column / block, panel, [&](auto visit) {
        for_each_row(at, [&](std::uint64_t at_row) { visit(at_row + column); });
      });
    }
  }

  template <class Visit>
  void for_each_row(const Place& at, Visit visit) const {
    std::uint64_t index[kHighestRank];
    for (std::uint64_t d = 0; d + 1 < rank_; ++d) index[d] = at.cell[d] * block_[d];
    for (;;) {
      std::uint64_t offset = 0;
      for (std::uint64_t d = 0; d + 1 < rank_; ++d) offset = (offset + index[d]) * extent_[d + 1];
      visit(offset);
      std::uint64_t d = rank_ - 1;
      while (d > 0) {
        --d;
        const std::uint64_t begin = at.cell[d] * block_[d];
        if (++index[d] < std::min(begin + block_[d], extent_[d])) break;
        index[d] = begin;
        if (d == 0) return;
      }
      if (rank_ == 1) return;
    }
  }

  bool next_cell(Place& at) const {
    for (std::uint64_t d = rank_ - 1; d-- > 0;) {
      if (++at.cell[d] < along(d)) return true;
      at.cell[d] = 0;
    }
    return false;
  }

  std::uint64_t rank_ = 0;
  std::uint64_t extent_[kHighestRank], block_[kHighestRank];
};

}  // namespace formats
