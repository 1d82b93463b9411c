// Arrays in NPY files (numpy.save): numbers of one type, row by row or column by column. Sizes are
// checked against the bytes at hand before anything is allocated. Format: numpy.lib.format,
// versions 1 to 3.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "npy_type.hpp"

namespace datasets {

bool is_npy(std::string_view bytes);

// What the beginning of a file says, and how to read what follows.
struct npy_header {
  std::vector<std::uint64_t> shape;
  npy_type type = {};
  std::uint64_t data_offset = 0;
  std::uint64_t count = 0;  // elements
  bool by_columns = false;  // Fortran's order: the first index is the fastest

  std::uint64_t rows() const { return shape[0]; }
  std::uint64_t width() const { return rows() == 0 ? 0 : count / rows(); }  // elements per row
  std::uint64_t file_size() const { return data_offset + count * type.size; }
};

// No header that numpy writes is longer.
constexpr std::uint64_t kLongestNpyHeader = (1 << 16) + 12;

// From the first bytes of a file of `size` bytes. `name` is for messages.
npy_header npy_header_of(std::string_view begin, std::uint64_t size, const std::string& name);

// Puts the elements of a whole file row by row, if they are not.
void make_row_major(std::string& bytes, npy_header& header);

// An array of one or two dimensions as float32.
struct npy_array {
  std::vector<std::uint64_t> shape;
  std::vector<float> values;
  std::uint64_t rows() const { return shape[0]; }
  std::uint64_t width() const { return shape.size() == 1 ? 1 : shape[1]; }
};

npy_array read_npy(const std::string& path);

}  // namespace datasets
