// A pointer and a count (std::span is C++20), and a dense tensor: a span with a shape.
#pragma once

#include <lathe/tensor.h>
#include <lathe/hpp/error.hpp>

#include <initializer_list>
#include <type_traits>
#include <vector>

#pragma GCC visibility push(hidden)

namespace lathe {

// Borrowed elements. Valid as long as whoever lends them says.
template <class T>
class span {
 public:
  constexpr span() = default;
  constexpr span(T* data, std::uint64_t size) : data_(data), size_(size) {}
  template <class U, class = std::enable_if_t<std::is_convertible_v<U (*)[], T (*)[]>>>
  constexpr span(span<U> other) : data_(other.data()), size_(other.size()) {}
  template <class U, class = std::enable_if_t<std::is_same_v<const U, T>>>
  span(const std::vector<U>& items) : data_(items.data()), size_(items.size()) {}

  constexpr T* data() const { return data_; }
  constexpr std::uint64_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr T* begin() const { return data_; }
  constexpr T* end() const { return data_ + size_; }
  constexpr T& operator[](std::uint64_t i) const { return data_[i]; }
  constexpr T& back() const { return data_[size_ - 1]; }
  std::vector<std::remove_const_t<T>> to_vector() const { return {begin(), end()}; }

 private:
  T* data_ = nullptr;
  std::uint64_t size_ = 0;
};

using shape = span<const std::int64_t>;

inline std::uint64_t element_count(shape s) {
  std::uint64_t count = 1;
  for (const std::int64_t extent : s) count *= static_cast<std::uint64_t>(extent);
  return count;
}

namespace detail {
template <class T>
constexpr DLDataType dl_type() {
  using U = std::remove_const_t<T>;
  static_assert(std::is_arithmetic_v<U>, "a tensor holds numbers");
  return {static_cast<std::uint8_t>(std::is_same_v<U, bool>       ? kDLBool
                                    : std::is_floating_point_v<U> ? kDLFloat
                                    : std::is_signed_v<U>         ? kDLInt
                                                                  : kDLUInt),
          8 * sizeof(U), 1};
}

inline bool is_compact(const DLTensor& t) {
  if (t.strides == nullptr) return true;
  std::int64_t expected = 1;
  for (int d = t.ndim - 1; d >= 0; --d) {
    if (t.shape[d] != 1 && t.strides[d] != expected) return false;
    expected *= t.shape[d];
  }
  return true;
}
}  // namespace detail

// A dense, row-major tensor in main memory, borrowed.
template <class T>
class tensor {
 public:
  // Refuses another element type, another device, gaps, codes, and what may not be written to.
  explicit tensor(const lathe_tensor& whole)
      : data_(reinterpret_cast<T*>(static_cast<char*>(whole.dl.data) + whole.dl.byte_offset)),
        shape_(whole.dl.shape, static_cast<std::uint64_t>(whole.dl.ndim)),
        size_(element_count(shape_)) {
    const DLTensor& t = whole.dl;
    constexpr DLDataType want = detail::dl_type<T>();
    if (!std::is_const_v<T> && (whole.flags & LATHE_TENSOR_READ_ONLY) != 0) {
      throw invalid_argument("this tensor may only be read");
    }
    if (whole.struct_size >= LATHE_SIZE_UP_TO(lathe_tensor, quantization) &&
        whole.quantization != nullptr) {
      throw error(LATHE_UNIMPLEMENTED, "a tensor of codes where values were expected");
    }
    if (t.dtype.code != want.code || t.dtype.bits != want.bits || t.dtype.lanes != 1) {
      throw invalid_argument("a tensor of another element type was expected");
    }
    if (t.device.device_type != kDLCPU || !detail::is_compact(t)) {
      throw invalid_argument("a dense tensor in main memory was expected");
    }
  }

  T* data() const { return data_; }
  std::uint64_t size() const { return size_; }  // elements
  lathe::shape shape() const { return shape_; }
  T* begin() const { return data_; }
  T* end() const { return data_ + size_; }
  T& operator[](std::uint64_t i) const { return data_[i]; }
  operator span<T>() const { return {data_, size_}; }

 private:
  T* data_;
  lathe::shape shape_;
  std::uint64_t size_;
};

}  // namespace lathe

#pragma GCC visibility pop
