#include "npy_array.hpp"

#include "../file_bytes.hpp"
#include "../foreign_format.hpp"

#include <lathe/lathe.hpp>

#include <cmath>
#include <cstring>

namespace datasets {

namespace {

// The value of 'key' in the header, a Python dict of literals written by numpy: up to the comma
// that ends it, brackets respected.
std::string_view npy_field(std::string_view header, std::string_view key) {
  std::size_t found = header.find(lathe::join({"'", key, "'"}));
  if (found == std::string_view::npos) found = header.find(lathe::join({"\"", key, "\""}));
  if (found == std::string_view::npos) return {};
  std::string_view rest = header.substr(found + key.size() + 2);
  const std::size_t first = rest.find_first_not_of(": ");
  if (first == std::string_view::npos) return {};
  rest.remove_prefix(first);
  int depth = 0;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '(' || rest[i] == '[') ++depth;
    if (rest[i] == ')' || rest[i] == ']') --depth;
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

// The extents that a header must have: one to eight.
std::vector<std::uint64_t> checked_shape(std::string_view text, const std::string& name) {
  std::vector<std::uint64_t> shape = npy_shape(text);
  if (text == "()") {
    throw lathe::data_loss("the NPY array is a single number without dimensions; rows are needed")
        .at_file(name);
  }
  if (shape.empty() || shape.size() > 8) {
    throw lathe::data_loss("the NPY array must have one to eight dimensions").at_file(name);
  }
  return shape;
}

// Sets the number of elements, which have to be the `stored` bytes that follow the header.
void check_size(npy_header& header, std::string_view shape, std::uint64_t stored,
                const std::string& name) {
  header.count = 1;
  std::uint64_t bytes = 0;
  bool fits = true;
  for (const std::uint64_t extent : header.shape) {
    fits = fits && !__builtin_mul_overflow(header.count, extent, &header.count);
  }
  fits = fits && !__builtin_mul_overflow(header.count, header.type.size, &bytes);
  if (fits && bytes == stored) return;
  throw lathe::data_loss(
      lathe::join({"the NPY array of shape ", shape, " does not fit the ",
                   lathe::to_string(static_cast<std::int64_t>(stored)),
                   " bytes of data that follow; ",
                   fits && bytes < stored ? "there are more, eg: of a second array in the same file"
                                          : "the file is truncated or damaged"}))
      .at_file(name);
}

}  // namespace

npy_header npy_header_of(std::string_view begin, std::uint64_t size, const std::string& name) {
  const auto fail = [&name](std::string text) {
    return lathe::data_loss(std::move(text)).at_file(name);
  };
  if (!is_npy(begin)) throw other_format("this is no NPY file", begin, name);
  if (begin.size() < 10) throw fail("the NPY file ends inside its header; it is truncated");
  const int version = static_cast<unsigned char>(begin[6]);
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

  header.type = npy_type_of(npy_field(dict, "descr"), name);
  const std::string_view order = npy_field(dict, "fortran_order");
  if (order != "False" && order != "True") throw fail("the NPY header is damaged");
  header.by_columns = order == "True";
  const std::string_view shape = npy_field(dict, "shape");
  header.shape = checked_shape(shape, name);
  check_size(header, shape, size - header.data_offset, name);
  return header;
}

void make_row_major(std::string& bytes, npy_header& header) {
  if (!header.by_columns) return;
  header.by_columns = false;
  const std::size_t dimensions = header.shape.size();
  const std::size_t size = header.type.size;
  if (dimensions < 2 || header.count == 0) return;
  std::vector<std::uint64_t> strides(dimensions, 1), at(dimensions, 0);
  for (std::size_t i = 1; i < dimensions; ++i) strides[i] = strides[i - 1] * header.shape[i - 1];
  const std::string columns = bytes.substr(header.data_offset);
  char* to = bytes.data() + header.data_offset;
  std::uint64_t from = 0;
  for (std::uint64_t element = 0; element < header.count; ++element, to += size) {
    std::memcpy(to, columns.data() + from * size, size);
    // The last index is the fastest.
    for (std::size_t i = dimensions; i-- > 0;) {
      from += strides[i];
      if (++at[i] < header.shape[i]) break;
      from -= strides[i] * at[i];
      at[i] = 0;
    }
  }
}

npy_array read_npy(const std::string& path) {
  std::string bytes = file_bytes(path);
  npy_header header = npy_header_of(bytes, bytes.size(), path);
  if (header.shape.size() > 2) {
    throw lathe::data_loss("the NPY array must have one or two dimensions").at_file(path);
  }
  make_row_major(bytes, header);
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
