// Kind "format". A type with const methods, called from several threads at once:
//   void quantize(const lathe::format_context&, lathe::tensor<const float> x,
//                 lathe::tensor<float> y) const          y may be x
//   void backward(const lathe::format_context&, lathe::tensor<const float> x,
//                 lathe::tensor<const float> dy, lathe::tensor<float> dx) const     optional
//   double storage_bits(lathe::shape) const
//   std::vector<lathe::value> precision() const
#pragma once

#include <lathe/kind/format.h>
#include <lathe/hpp/component.hpp>

#pragma GCC visibility push(hidden)

namespace lathe {

// What is being quantized.
class format_context {
 public:
  format_context(lathe_call* call, const lathe_format_context& c) : call_(call), c_(c) {}
  lathe_role role() const { return static_cast<lathe_role>(c_.role); }
  bool is_activation() const {
    return c_.role == LATHE_ROLE_DATA_IN || c_.role == LATHE_ROLE_DATA_OUT;
  }
  std::string_view op() const { return to_view(c_.op); }  // "linear", "relu"
  bool training() const { return c_.training != 0; }
  // Fixed point of this operand has no sign, whatever the options say: the input of a ReLU.
  bool is_unsigned() const {
    return c_.struct_size >= LATHE_SIZE_UP_TO(lathe_format_context, is_unsigned) &&
           c_.is_unsigned != 0;
  }
  std::uint32_t input_index() const { return c_.input_index; }
  // Of the random stream, for formats with LATHE_FLAG_STOCHASTIC.
  std::uint64_t seed() const { return c_.seed; }
  std::uint64_t counter() const { return c_.counter; }
  context host() const { return context(call_); }

 private:
  lathe_call* call_;
  const lathe_format_context& c_;
};

namespace detail {

template <class T, class = void>
constexpr bool has_quantize = false;
template <class T>
constexpr bool
    has_quantize<T, std::void_t<decltype(std::declval<const T&>().quantize(
                        std::declval<const format_context&>(), std::declval<tensor<const float>>(),
                        std::declval<tensor<float>>()))>> = true;
template <class T, class = void>
constexpr bool has_storage_bits = false;
template <class T>
constexpr bool
    has_storage_bits<T, std::void_t<decltype(std::declval<const T&>().storage_bits(shape()))>> =
        true;
template <class T, class = void>
constexpr bool has_precision = false;
template <class T>
constexpr bool has_precision<T, std::void_t<decltype(std::declval<const T&>().precision())>> = true;
template <class T, class = void>
constexpr bool has_backward = false;
template <class T>
constexpr bool has_backward<T, std::void_t<decltype(&T::backward)>> = true;

// The instance, and the precision list that the host borrows until it is destroyed.
template <class T>
struct format_instance {
  const T* object;
  std::vector<value> precision;
  value::storage arrays;
  std::vector<lathe_value> rows;

  explicit format_instance(const T* made) : object(made) {}
  ~format_instance() { delete object; }
  format_instance(const format_instance&) = delete;
  format_instance& operator=(const format_instance&) = delete;
};

template <class T>
struct format_thunks {
  using instance = format_instance<T>;
  static const T& of(void* self) { return *static_cast<instance*>(self)->object; }

  static lathe_code create(lathe_call* call, const lathe_value* options, void** self) noexcept {
    return guarded(call, [&] {
      const T* made = construct<T>(call, options);
      try {
        auto* holder = new instance(made);
        made = nullptr;
        *self = holder;
        holder->precision = holder->object->precision();
        for (const value& entry : holder->precision) {
          holder->rows.push_back(entry.c_value(holder->arrays));
        }
      } catch (...) {
        if (made == nullptr) destroy<instance>(*self);
        *self = nullptr;
        delete made;
        throw;
      }
    });
  }
  static lathe_code quantize(lathe_call* call, void* self, const lathe_format_context* c,
                             const lathe_tensor* x, lathe_tensor* y) noexcept {
    return guarded(call, [&] {
      const tensor<const float> from(*x);
      const tensor<float> to(*y);
      if (from.size() != to.size()) throw invalid_argument("x and y differ in size");
      of(self).quantize(format_context(call, *c), from, to);
    });
  }
  static lathe_code backward(lathe_call* call, void* self, const lathe_format_context* c,
                             const lathe_tensor* x, const lathe_tensor* dy,
                             lathe_tensor* dx) noexcept {
    return guarded(call, [&] {
      if constexpr (has_backward<T>) {
        of(self).backward(format_context(call, *c), tensor<const float>(*x),
                          tensor<const float>(*dy), tensor<float>(*dx));
      }
    });
  }
  static lathe_code storage_bits(lathe_call* call, void* self, const std::int64_t* extents,
                                 std::uint64_t rank, double* bits) noexcept {
    return guarded(call, [&] { *bits = of(self).storage_bits(shape(extents, rank)); });
  }
  static lathe_code precision(lathe_call* call, void* self, const lathe_value** list,
                              std::uint64_t* count) noexcept {
    return guarded(call, [&] {
      const auto& i = *static_cast<instance*>(self);
      *list = i.rows.data();
      *count = i.rows.size();
    });
  }
};

template <class T>
constexpr lathe_format format_interface = {LATHE_SIZE_UP_TO(lathe_format, precision),
                                           0,
                                           format_thunks<T>::create,
                                           destroy<format_instance<T>>,
                                           format_thunks<T>::quantize,
                                           has_backward<T> ? format_thunks<T>::backward : nullptr,
                                           format_thunks<T>::storage_bits,
                                           format_thunks<T>::precision};

}  // namespace detail

template <class T>
constexpr lathe_component format(const char* id, const char* version, const char* doc) {
  if constexpr (!detail::has_quantize<T>) {
    static_assert(detail::lacks<T>,
                  "a format needs a method: void quantize(const lathe::format_context&, "
                  "lathe::tensor<const float> x, lathe::tensor<float> y) const");
    return detail::component<T>(LATHE_KIND_FORMAT, id, version, doc, nullptr);
  } else if constexpr (!detail::has_storage_bits<T>) {
    static_assert(detail::lacks<T>,
                  "a format needs a method: double storage_bits(lathe::shape) const");
    return detail::component<T>(LATHE_KIND_FORMAT, id, version, doc, nullptr);
  } else if constexpr (!detail::has_precision<T>) {
    static_assert(detail::lacks<T>,
                  "a format needs a method: std::vector<lathe::value> precision() const");
    return detail::component<T>(LATHE_KIND_FORMAT, id, version, doc, nullptr);
  } else {
    return detail::component<T>(LATHE_KIND_FORMAT, id, version, doc, &detail::format_interface<T>);
  }
}

}  // namespace lathe

#pragma GCC visibility pop
