// Integer codes of a tensor in a number format, read from the ABI and checked, and the values that
// are made of them.
#pragma once

#include "core/tensor/shape.hpp"

#include <lathe/kind/format.h>

#include <cstdint>
#include <span>
#include <vector>

namespace lathe {

struct IntegerCodes {
  int width = 8;  // bits of a code, 1..64
  bool is_signed = true;
  Shape shape;                           // of the tensor
  std::vector<std::int64_t> codes;       // in row-major order; with 64 bits and no sign, uint64's
  Shape block;                           // extents of the blocks that share a scale
  std::vector<double> scale;             // one per block, in row-major order of blocks
  std::vector<std::int64_t> zero_point;  // one per block; empty: all 0
  std::vector<double> levels;            // of code 0, 1, ...; empty: the code less the zero point

  Shape blocks() const;  // how many there are along each dimension
  bool operator==(const IntegerCodes&) const = default;
  // The block that each element lies in, in row-major order.
  std::vector<std::size_t> block_numbers() const;
  // What the scale of its block is multiplied with. REQUIRES: an element, and its block.
  double level(std::size_t element, std::size_t of_block) const;
  // (float)(level * scale[block]) of every element, in row-major order.
  std::vector<float> values() const;
};

// Codes as a format filled them in; throws usage_error with what is wrong, as "gave ...".
IntegerCodes read_codes(const lathe_integer_codes& made, const Shape& shape,
                        std::vector<std::int64_t> codes);

}  // namespace lathe
