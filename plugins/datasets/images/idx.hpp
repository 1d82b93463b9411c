// IDX files (LeCun's MNIST page): a magic number 0, 0, type, rank; the extents, big-endian; then
// the elements. Unsigned bytes only. The header says the size, which is checked before anything is
// allocated: deflate packs 1032 bytes into one at best, so a small file cannot claim to be a big
// one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace datasets {

struct idx_header {
  std::vector<std::uint64_t> shape;
  std::uint64_t elements = 0;
  std::uint64_t size() const { return 4 + 4 * shape.size(); }
};

std::string shape_text(const std::vector<std::uint64_t>& shape);

// Reads no more than the beginning of the file.
idx_header idx_header_of(const std::string& path);

// Appends the elements of a file whose header says `expected`.
void append_idx(const std::string& path, const idx_header& expected,
                std::vector<std::uint8_t>& out);

}  // namespace datasets
