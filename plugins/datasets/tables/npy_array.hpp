// Arrays in NPY files (numpy.save): numbers of one type, row-major. Sizes are checked against the
// bytes at hand before anything is allocated. Format: numpy.lib.format, versions 1 to 3.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace datasets {

bool is_npy(std::string_view bytes);

// How elements of a type are stored, and become numbers.
struct npy_type {
  std::string_view name;
  std::size_t size;
  void (*read)(const char* from, std::uint64_t count, float* out);
};

// What the beginning of a file says, and how to read what follows.
struct npy_header {
  std::vector<std::uint64_t> shape;
  npy_type type = {};
  std::uint64_t data_offset = 0;
  std::uint64_t count = 0;  // elements

  std::uint64_t rows() const { return shape[0]; }
  std::uint64_t width() const { return rows() == 0 ? 0 : count / rows(); }  // elements per row
  std::uint64_t file_size() const { return data_offset + count * type.size; }
};

// No header that numpy writes is longer.
constexpr std::uint64_t kLongestNpyHeader = 1 << 16;

// From the first bytes of a file of `size` bytes. `name` is for messages.
npy_header npy_header_of(std::string_view begin, std::uint64_t size, const std::string& name);

// An array of one or two dimensions as float32.
struct npy_array {
  std::vector<std::uint64_t> shape;
  std::vector<float> values;
  std::uint64_t rows() const { return shape[0]; }
  std::uint64_t width() const { return shape.size() == 1 ? 1 : shape[1]; }
};

npy_array read_npy(const std::string& path);

}  // namespace datasets
