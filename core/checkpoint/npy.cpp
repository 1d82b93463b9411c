#include "core/checkpoint/npy.hpp"

#include "core/checkpoint/convert.hpp"
#include "core/checkpoint/input_file.hpp"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

namespace lathe {

namespace {

static_assert(std::endian::native == std::endian::little, "numbers are read as they lie");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMostDimensions = 32;  // numpy's own bound, before version 2

// The value of 'key' in the header, a Python dict of literals: up to the comma that ends it,
// brackets respected.
std::string_view field(std::string_view header, std::string_view key) {
  const std::size_t found = header.find(fmt::format("'{}'", key));
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

// "(100, 16)", "(3,)" or "()"; none for anything else.
std::optional<std::vector<std::int64_t>> extents_of(std::string_view text) {
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::vector<std::int64_t> extents;
  while (!text.empty()) {
    std::int64_t extent = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), extent);
    if (error != std::errc{} || extent < 0) return std::nullopt;
    extents.push_back(extent);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::size_t next = text.find_first_not_of(", ");
    text.remove_prefix(std::min(next, text.size()));
  }
  return extents.size() > kMostDimensions ? std::nullopt : std::optional(extents);
}

template <typename T>
void copy_numbers(const InputFile& file, std::span<const std::byte> from, std::span<float> to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    T number;
    std::memcpy(&number, from.data() + i * sizeof(T), sizeof(T));
    to[i] = static_cast<float>(number);
    if constexpr (std::is_same_v<T, double>) {
      if (std::isinf(to[i]) && !std::isinf(number))
        throw file.damaged(fmt::format("element {} is {}, which float32 does not hold", i, number));
    }
  }
}

void copy_halves(const InputFile&, std::span<const std::byte> from, std::span<float> to) {
  const Tensor halves =
      Tensor::of<std::byte>(DType::float16, Shape{static_cast<std::int64_t>(to.size())}, from);
  const Tensor numbers = converted(halves, DType::float32);
  std::ranges::copy(numbers.values<float>(), to.begin());
}

struct Type {
  std::string_view name;  // without the byte order
  std::size_t size;
  void (*copy)(const InputFile& file, std::span<const std::byte> from, std::span<float> to);
};

constexpr Type kTypes[] = {
    {"f4", 4, copy_numbers<float>},
    {"f8", 8, copy_numbers<double>},
    {"f2", 2, copy_halves},
    {"i8", 8, copy_numbers<std::int64_t>},
    {"i4", 4, copy_numbers<std::int32_t>},
    {"i2", 2, copy_numbers<std::int16_t>},
    {"i1", 1, copy_numbers<std::int8_t>},
    {"u8", 8, copy_numbers<std::uint64_t>},
    {"u4", 4, copy_numbers<std::uint32_t>},
    {"u2", 2, copy_numbers<std::uint16_t>},
    {"u1", 1, copy_numbers<std::uint8_t>},
    {"b1", 1, copy_numbers<std::uint8_t>},
};

const Type& type_of(const InputFile& file, std::string_view description) {
  if (description.size() < 4 || description.front() != '\'')
    throw file.damaged("the array has named columns; an array of numbers of one type is needed");
  const std::string_view type = description.substr(1, description.size() - 2);
  for (const Type& row : kTypes) {
    if (row.name != type.substr(1)) continue;
    if (row.size > 1 && type.front() == '>')
      throw file.damaged(
          fmt::format("the array is of type '{}', which is big-endian; save array.astype('<{}')",
                      type, row.name));
    return row;
  }
  throw file.damaged(fmt::format(
      "the array is of type '{}', which is not read; save array.astype('float32')", type));
}

struct Header {
  std::string dict;
  std::uint64_t data_offset = 0;
};

Header header_of(const InputFile& file) {
  std::array<char, 12> begin{};
  const auto bytes = std::as_writable_bytes(std::span(begin));
  if (!file.holds(0, 10)) throw file.damaged("this is no NPY file: it is shorter than a header");
  file.read(0, bytes.first(10));
  if (std::string_view(begin.data(), kMagic.size()) != kMagic)
    throw file.damaged("this is no NPY file; numpy.save writes one");
  const int version = static_cast<unsigned char>(begin[6]);
  if (version < 1 || version > 3)
    throw file.damaged(fmt::format("NPY version {} is not among those read, 1 to 3", version));
  // Two bytes of header length in version 1, four later.
  const std::size_t length_size = version == 1 ? 2 : 4;
  if (!file.holds(0, 8 + length_size)) throw file.damaged("the file ends inside its header");
  file.read(8, bytes.subspan(8, length_size));
  std::uint32_t length = 0;
  std::memcpy(&length, begin.data() + 8, length_size);
  const std::uint64_t offset = 8 + length_size;
  if (!file.holds(offset, length)) throw file.damaged("the file ends inside its header");
  Header header{std::string(length, ' '), offset + length};
  file.read(offset, std::as_writable_bytes(std::span(header.dict)));
  return header;
}

// The shape, which has to be that of the bytes that follow.
Shape shape_of(const InputFile& file, const Header& header, std::size_t size) {
  const std::string_view text = field(header.dict, "shape");
  const auto extents = extents_of(text);
  if (!extents) throw file.damaged(fmt::format("its header has no shape, but '{}'", text));
  const std::uint64_t stored = file.size() - header.data_offset;
  std::uint64_t bytes = size;
  bool fits = true;
  for (const std::int64_t extent : *extents)
    fits = fits && !__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(extent), &bytes);
  if (!fits || bytes != stored)
    throw file.damaged(
        fmt::format("an array of shape {} does not fit the {} bytes that follow its "
                    "header; the file is truncated or damaged",
                    text, stored));
  return Shape(*extents);
}

}  // namespace

Tensor read_npy(const std::filesystem::path& path) {
  const InputFile file(path);
  const Header header = header_of(file);
  const Type& type = type_of(file, field(header.dict, "descr"));
  const Shape shape = shape_of(file, header, type.size);
  const std::string_view by_columns = field(header.dict, "fortran_order");
  if (by_columns != "False" && by_columns != "True") throw file.damaged("its header is damaged");
  if (by_columns == "True" && shape.rank() > 1)
    throw file.damaged("the array lies column by column; save numpy.ascontiguousarray(array)");
  std::vector<std::byte> bytes(file.size() - header.data_offset);
  file.read(header.data_offset, bytes);
  return Tensor::make(DType::float32, shape, [&](std::span<std::byte> out) {
    type.copy(file, bytes,
              {reinterpret_cast<float*>(out.data()), static_cast<std::size_t>(shape.numel())});
  });
}

}  // namespace lathe
