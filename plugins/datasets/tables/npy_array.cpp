#include "npy_array.hpp"

#include "../file_bytes.hpp"

#include <lathe/lathe.hpp>

#include <cmath>
#include <cstring>

namespace datasets {

namespace {

// The value of 'key' in the header, a Python dict of literals written by numpy: up to the comma
// that ends it, parentheses respected.
std::string_view npy_field(std::string_view header, std::string_view key) {
  const std::string quoted_key = lathe::join({"'", key, "'"});
  const std::size_t found = header.find(quoted_key);
  if (found == std::string_view::npos) return {};
  std::string_view rest = header.substr(found + quoted_key.size());
  const std::size_t first = rest.find_first_not_of(": ");
  if (first == std::string_view::npos) return {};
  rest.remove_prefix(first);
  int depth = 0;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '(') ++depth;
    if (rest[i] == ')') --depth;
    if ((rest[i] == ',' && depth == 0) || rest[i] == '}') return rest.substr(0, i);
  }
  return {};
}

// "(100, 16)" -> 100, 16; empty for anything else.
std::vector<std::uint64_t> npy_shape(std::string_view text) {
  std::vector<std::uint64_t> shape;
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return {};
  std::uint64_t number = 0;
  bool digits = false;
  for (const char c : text.substr(1)) {
    if (c >= '0' && c <= '9') {
      if (number > UINT64_MAX / 100) return {};
      number = 10 * number + static_cast<std::uint64_t>(c - '0');
      digits = true;
    } else if (c == ',' || c == ')') {
      if (digits) shape.push_back(number);
      number = 0;
      digits = false;
    } else if (c != ' ' && c != 'L') {
      return {};
    }
  }
  return shape;
}

template <class T>
void npy_values(const char* from, std::uint64_t count, float* out) {
  for (std::uint64_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, from + i * sizeof(T), sizeof(T));
    out[i] = static_cast<float>(value);
  }
}

constexpr npy_type kNpyTypes[] = {
    {"<f4", 4, npy_values<float>},         {"<f8", 8, npy_values<double>},
    {"<i8", 8, npy_values<std::int64_t>},  {"<i4", 4, npy_values<std::int32_t>},
    {"<i2", 2, npy_values<std::int16_t>},  {"|i1", 1, npy_values<std::int8_t>},
    {"<u8", 8, npy_values<std::uint64_t>}, {"<u4", 4, npy_values<std::uint32_t>},
    {"<u2", 2, npy_values<std::uint16_t>}, {"|u1", 1, npy_values<std::uint8_t>},
    {"|b1", 1, npy_values<std::uint8_t>},
};

}  // namespace

npy_header npy_header_of(std::string_view begin, std::uint64_t size, const std::string& name) {
  const auto fail = [&name](std::string text) {
    return lathe::data_loss(std::move(text)).at_file(name);
  };
  if (!is_npy(begin)) throw fail("this is no NPY file");
  if (begin.size() < 10) throw fail("the NPY file ends inside its header; it is truncated");
  const int version = begin[6];
  if (version < 1 || version > 3) {
    throw fail(lathe::join({"NPY version ", lathe::to_string(std::int64_t{version}),
                            " is not among those read, 1 to 3"}));
  }
  // Two bytes of header length in version 1, four later.
  const std::size_t length_size = version == 1 ? 2 : 4;
  std::uint32_t length = 0;
  if (begin.size() < 8 + length_size) throw fail("the NPY file ends inside its header");
  std::memcpy(&length, begin.data() + 8, length_size);
  npy_header header;
  header.data_offset = 8 + length_size + length;
  if (begin.size() < header.data_offset) {
    throw fail("the NPY file ends inside its header; it is truncated");
  }
  const std::string_view dict = begin.substr(8 + length_size, length);

  std::string_view type = npy_field(dict, "descr");
  if (type.size() < 2 || type.front() != '\'') {
    throw fail("the NPY array has named columns; an array of numbers of one type is needed");
  }
  type = type.substr(1, type.size() - 2);
  for (const npy_type& row : kNpyTypes) {
    if (row.name == type) header.type = row;
  }
  if (header.type.read == nullptr) {
    throw fail(lathe::join(
        {"the NPY array holds elements of type '", type, "'; little-endian numbers are needed"}));
  }
  if (npy_field(dict, "fortran_order") != "False") {
    throw fail("the NPY array is stored column by column; save numpy.ascontiguousarray of it");
  }
  header.shape = npy_shape(npy_field(dict, "shape"));
  if (header.shape.empty() || header.shape.size() > 8) {
    throw fail("the NPY array must have one to eight dimensions");
  }
  header.count = 1;
  std::uint64_t bytes = 0;
  bool fits = true;
  for (const std::uint64_t extent : header.shape) {
    fits = fits && !__builtin_mul_overflow(header.count, extent, &header.count);
  }
  fits = fits && !__builtin_mul_overflow(header.count, header.type.size, &bytes);
  if (!fits || bytes != size - header.data_offset) {
    throw fail(
        lathe::join({"the NPY array of shape ", npy_field(dict, "shape"), " does not fit the ",
                     lathe::to_string(static_cast<std::int64_t>(size - header.data_offset)),
                     " bytes of data that follow; the file is truncated or damaged"}));
  }
  return header;
}

npy_array read_npy(const std::string& path) {
  const std::string bytes = file_bytes(path);
  const npy_header header = npy_header_of(bytes, bytes.size(), path);
  if (header.shape.size() > 2) {
    throw lathe::data_loss("the NPY array must have one or two dimensions").at_file(path);
  }
  npy_array array{header.shape, std::vector<float>(header.count)};
  header.type.read(bytes.data() + header.data_offset, header.count, array.values.data());
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    if (!std::isfinite(array.values[i])) {
      throw lathe::data_loss(
          lathe::join({"row ", lathe::to_string(static_cast<std::int64_t>(i / array.width())),
                       " of the NPY array holds a number that is not finite"}))
          .at_file(path);
    }
  }
  return array;
}

bool is_npy(std::string_view bytes) { return bytes.substr(0, 6) == "\x93NUMPY"; }

}  // namespace datasets
