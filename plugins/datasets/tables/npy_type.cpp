#include "npy_type.hpp"

#include "numbers.hpp"

#include <lathe/lathe.hpp>

#include <cmath>
#include <cstring>
#include <type_traits>

namespace datasets {

namespace {

struct half {
  std::uint16_t bits;
  explicit operator float() const {
    const int exponent = bits >> 10 & 31;
    const int fraction = bits & 1023;
    const float size = exponent == 31 ? (fraction == 0 ? INFINITY : NAN)
                       : exponent == 0
                           ? std::ldexp(static_cast<float>(fraction), -24)
                           : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
    return (bits & 0x8000) != 0 ? -size : size;
  }
};

template <class T, bool Swapped, class Out>
void values(const char* from, std::uint64_t count, Out* out) {
  for (std::uint64_t i = 0; i < count; ++i, from += sizeof(T)) {
    char bytes[sizeof(T)];
    for (std::size_t b = 0; b < sizeof(T); ++b) bytes[b] = from[Swapped ? sizeof(T) - 1 - b : b];
    T value;
    std::memcpy(&value, bytes, sizeof(T));
    out[i] = static_cast<Out>(value);
  }
}

struct known_type {
  std::string_view name;  // without the byte order
  npy_type little, big;
};

template <class T, bool Swapped>
constexpr npy_type type_of() {
  if constexpr (std::is_integral_v<T>) {
    return {sizeof(T), values<T, Swapped, float>, values<T, Swapped, std::int64_t>};
  } else {
    return {sizeof(T), values<T, Swapped, float>};
  }
}

template <class T>
constexpr known_type known(std::string_view name) {
  return {name, type_of<T, false>(), type_of<T, true>()};
}

constexpr known_type kTypes[] = {
    known<float>("f4"),         known<double>("f8"),        known<half>("f2"),
    known<std::int64_t>("i8"),  known<std::int32_t>("i4"),  known<std::int16_t>("i2"),
    known<std::int8_t>("i1"),   known<std::uint64_t>("u8"), known<std::uint32_t>("u4"),
    known<std::uint16_t>("u2"), known<std::uint8_t>("u1"),  known<std::uint8_t>("b1"),
};

// What an array holds that is no number, and what to save instead.
const char* other_contents(char kind) {
  switch (kind) {
    case 'O':
      return "Python objects, which are a pickle and are never loaded; save it with a type of "
             "numbers: array.astype('float32'), or numpy.stack of rows";
    case 'U':
    case 'S':
    case 'a':
      return "text; numbers are needed: labels as numpy.unique(labels, return_inverse=True)[1]";
    case 'c':
      return "complex numbers; save the real and the imaginary parts as columns";
    case 'M':
    case 'm':
      return "dates or durations; save them as numbers";
    case 'V':
      return "raw bytes, as bfloat16 is written too; save array.astype('float32')";
    default:
      return "elements that are not read; save array.astype('float32')";
  }
}

}  // namespace

npy_type npy_type_of(std::string_view description, const std::string& name) {
  if (description.size() < 3 || (description.front() != '\'' && description.front() != '"')) {
    throw lathe::data_loss(
        "the NPY array has named columns; an array of numbers of one type is needed, as "
        "numpy.lib.recfunctions.structured_to_unstructured makes it")
        .at_file(name);
  }
  const std::string_view type = description.substr(1, description.size() - 2);
  const bool ordered = std::string_view("<>=|").find(type.front()) != std::string_view::npos;
  const std::string_view bare = ordered ? type.substr(1) : type;
  for (const known_type& row : kTypes) {
    if (row.name == bare) return type.front() == '>' ? row.big : row.little;
  }
  throw lathe::data_loss(lathe::join({"the NPY array is of type ", quoted(type), " and holds ",
                                      other_contents(bare.empty() ? '\0' : bare.front())}))
      .at_file(name);
}

}  // namespace datasets
