// Shapes whose batch is open: an extent is a number, or a number times the batch. Knows nothing
// about operators.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace onnx_reader {

struct Extent {
  std::int64_t number = 1;
  bool of_batch = false;    // times the batch
  std::int64_t inside = 1;  // how much of the number lies within a row of the batch, not around it
  bool operator==(const Extent& other) const {
    return number == other.number && of_batch == other.of_batch;
  }
  bool operator!=(const Extent& other) const { return !(*this == other); }
};
using Extents = std::vector<Extent>;

constexpr Extent kBatch{1, true};
// Far beyond any layer, and small enough that windows over it cannot overflow.
constexpr std::int64_t kLargestExtent = std::int64_t{1} << 31;

// The product, or nothing if it does not fit into 63 bits.
std::optional<std::int64_t> product(const std::vector<std::int64_t>& numbers);
// The same of the numbers beside the batch.
std::int64_t elements_of_row(const Extents& extents);

std::string text(const std::vector<std::int64_t>& numbers);  // "[1, 3]"
std::string text(const Extents& extents);                    // "[batch, 3, 2*batch]"

// What `from` is reshaped to by `wanted`, in which 0 copies and -1 is inferred. A wanted number in
// the place of the batch of `from` is that of the file's own batch (0: not known), and is opened.
// Throws lathe::error, with what does not fit.
Extents reshaped(const Extents& from, const Extents& wanted, std::int64_t file_batch,
                 bool zero_copies);

// NumPy's rule, from the right.
Extents broadcast(const Extents& a, const Extents& b);

// -1 becomes rank - 1; throws lathe::error for what lies outside.
std::size_t axis_of(std::int64_t axis, std::size_t rank);

}  // namespace onnx_reader
