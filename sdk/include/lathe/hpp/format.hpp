// Kind "format". A type with const methods, called from several threads at once:
//   void quantize(const lathe::format_context&, lathe::tensor<const float> x,
//                 lathe::tensor<float> y) const          y may be x
//   void backward(const lathe::format_context&, lathe::tensor<const float> x,
//                 const lathe::format_gradients&) const                           optional
//   std::vector<lathe::state_spec> state(const lathe::site&) const                optional
//   lathe::integer_codes codes(const lathe::format_context&, lathe::tensor<const float> x,
//                              lathe::span<std::int64_t> codes) const             optional
//   std::optional<int> fit_axis(const lathe::site&) const   none: nothing is open  optional,
//   lathe::value fit(const lathe::site&, lathe::span<const lathe::seen>) const    together
//   lathe_component_flags active_flags() const              those of T::flags that
//                                                           hold with its options optional
//   double storage_bits(const lathe::site&) const           the whole tensor's
//   std::vector<lathe::value> precision() const
// One that looks at single elements may have, in their places:
//   float nearest(float x) const                            for quantize
//   double bits() const                                     of an element, for the last two
#pragma once

#include <lathe/hpp/component.hpp>
#include <lathe/hpp/format_call.hpp>

#include <optional>

#pragma GCC visibility push(hidden)

namespace lathe {

namespace detail {

template <class T, class = void>
constexpr bool has_quantize = false;
template <class T>
constexpr bool
    has_quantize<T, std::void_t<decltype(std::declval<const T&>().quantize(
                        std::declval<const format_context&>(), std::declval<tensor<const float>>(),
                        std::declval<tensor<float>>()))>> = true;
template <class T, class = void>
constexpr bool has_nearest = false;
template <class T>
constexpr bool has_nearest<T, std::void_t<decltype(std::declval<const T&>().nearest(0.0F))>> = true;
template <class T, class = void>
constexpr bool has_storage_bits = false;
template <class T>
constexpr bool has_storage_bits<
    T, std::void_t<decltype(std::declval<const T&>().storage_bits(std::declval<const site&>()))>> =
    true;
template <class T, class = void>
constexpr bool has_bits = false;
template <class T>
constexpr bool has_bits<T, std::void_t<decltype(std::declval<const T&>().bits())>> = true;
template <class T, class = void>
constexpr bool has_precision = false;
template <class T>
constexpr bool has_precision<T, std::void_t<decltype(std::declval<const T&>().precision())>> = true;
template <class T, class = void>
constexpr bool has_backward = false;
template <class T>
constexpr bool has_backward<T, std::void_t<decltype(&T::backward)>> = true;
template <class T, class = void>
constexpr bool has_state = false;
template <class T>
constexpr bool has_state<T, std::void_t<decltype(&T::state)>> = true;
template <class T, class = void>
constexpr bool has_codes = false;
template <class T>
constexpr bool has_codes<T, std::void_t<decltype(&T::codes)>> = true;
template <class T, class = void>
constexpr bool has_fit = false;
template <class T>
constexpr bool has_fit<T, std::void_t<decltype(&T::fit), decltype(&T::fit_axis)>> = true;
template <class T, class = void>
constexpr bool has_active_flags = false;
template <class T>
constexpr bool has_active_flags<T, std::void_t<decltype(&T::active_flags)>> = true;

// Memory of the host's that is valid until the call ends.
template <class T>
T* scratch(lathe_call* call, std::uint64_t count) {
  void* memory = call->host->scratch(call, (count == 0 ? 1 : count) * sizeof(T), alignof(T));
  if (memory == nullptr) throw error(LATHE_RESOURCE_EXHAUSTED, "out of memory");
  return static_cast<T*>(memory);
}

template <class T>
const T* in_scratch(lathe_call* call, const std::vector<T>& items) {
  T* copy = scratch<T>(call, items.size());
  std::copy(items.begin(), items.end(), copy);
  return copy;
}

// The same value, its texts, lists and maps in memory that is valid until the call ends.
inline lathe_value in_scratch(lathe_call* call, lathe_value v) {
  const auto text = [&](const char* from, std::uint64_t size) {
    char* copy = scratch<char>(call, size);
    std::copy(from, from + size, copy);
    return copy;
  };
  if (v.kind == LATHE_VALUE_STRING) {
    v.as.text = text(v.as.text, v.size);
  } else if (v.kind == LATHE_VALUE_LIST) {
    auto* list = scratch<lathe_value>(call, v.size);
    for (std::uint64_t i = 0; i < v.size; ++i) list[i] = in_scratch(call, v.as.list[i]);
    v.as.list = list;
  } else if (v.kind == LATHE_VALUE_MAP) {
    auto* map = scratch<lathe_entry>(call, v.size);
    for (std::uint64_t i = 0; i < v.size; ++i) {
      const lathe_entry& from = v.as.map[i];
      map[i] = {{text(from.key.data, from.key.size), from.key.size}, in_scratch(call, from.value)};
    }
    v.as.map = map;
  }
  return v;
}

// 4, not 4.0: widths are integers wherever they can be.
inline value whole_if_it_is(double bits) {
  const auto whole = static_cast<std::int64_t>(bits);
  return static_cast<double>(whole) == bits ? value(whole) : value(bits);
}

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
        if constexpr (has_precision<T>) {
          holder->precision = holder->object->precision();
        } else {
          holder->precision = {whole_if_it_is(holder->object->bits())};
        }
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
      if constexpr (has_quantize<T>) {
        of(self).quantize(format_context(call, *c), from, to);
      } else {
        const T& object = of(self);
        for (std::uint64_t i = 0; i < from.size(); ++i) to[i] = object.nearest(from[i]);
      }
    });
  }
  static lathe_code backward(lathe_call* call, void* self, const lathe_format_context* c,
                             const lathe_tensor* x, lathe_format_gradients* gradients) noexcept {
    return guarded(call, [&] {
      if constexpr (has_backward<T>) {
        of(self).backward(format_context(call, *c), tensor<const float>(*x),
                          format_gradients(*gradients));
      }
    });
  }
  static lathe_code state(lathe_call* call, void* self, const lathe_site* where,
                          lathe_state_table* table) noexcept {
    return guarded(call, [&] {
      if constexpr (has_state<T>) {
        const std::vector<state_spec> specs = of(self).state(site(*where));
        auto* rows = scratch<lathe_state_spec>(call, specs.size());
        for (std::size_t i = 0; i < specs.size(); ++i) {
          rows[i] = specs[i].row();
          auto* extents = scratch<std::int64_t>(call, rows[i].rank);
          std::copy(rows[i].shape, rows[i].shape + rows[i].rank, extents);
          rows[i].shape = extents;
        }
        table->row_size = sizeof(lathe_state_spec);
        table->rows = rows;
        table->count = specs.size();
      }
    });
  }
  static lathe_code storage_bits(lathe_call* call, void* self, const lathe_site* where,
                                 double* bits) noexcept {
    return guarded(call, [&] {
      const site at(*where);
      if constexpr (has_storage_bits<T>) {
        *bits = of(self).storage_bits(at);
      } else {
        *bits = of(self).bits() * static_cast<double>(element_count(at.shape()));
      }
    });
  }
  static lathe_code codes(lathe_call* call, void* self, const lathe_format_context* c,
                          const lathe_tensor* x, lathe_integer_codes* out) noexcept {
    return guarded(call, [&] {
      if constexpr (has_codes<T>) {
        const tensor<const float> from(*x);
        const integer_codes made = of(self).codes(format_context(call, *c), from,
                                                  span<std::int64_t>(out->codes, from.size()));
        out->width = made.width;
        out->is_signed = made.is_signed ? 1 : 0;
        out->block_shape = made.block_shape.empty() ? nullptr : in_scratch(call, made.block_shape);
        out->scale = in_scratch(call, made.scale);
        out->scale_count = made.scale.size();
        out->zero_point = made.zero_point.empty() ? nullptr : in_scratch(call, made.zero_point);
        out->levels = made.levels.empty() ? nullptr : in_scratch(call, made.levels);
        out->level_count = made.levels.size();
      }
    });
  }
  static lathe_code fit_axis(lathe_call* call, void* self, const lathe_site* where,
                             std::uint32_t* open, std::int32_t* axis) noexcept {
    return guarded(call, [&] {
      if constexpr (has_fit<T>) {
        const std::optional<int> along = of(self).fit_axis(site(*where));
        *open = along ? 1 : 0;
        *axis = along.value_or(-1);
      }
    });
  }
  static lathe_code fit(lathe_call* call, void* self, const lathe_site* where,
                        const lathe_seen_table* table, lathe_value* options) noexcept {
    return guarded(call, [&] {
      if constexpr (has_fit<T>) {
        std::vector<seen> rows;
        for (std::uint64_t i = 0; i < table->count; ++i) {
          rows.push_back(row(table->rows, table->row_size, i));
        }
        const value chosen = of(self).fit(site(*where), rows);
        value::storage arrays;
        *options = in_scratch(call, chosen.c_value(arrays));
      }
    });
  }
  static lathe_component_flags active_flags(void* self) noexcept {
    if constexpr (has_active_flags<T>) return of(self).active_flags();
    return ~lathe_component_flags{0};
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
constexpr lathe_format format_interface = {
    LATHE_SIZE_UP_TO(lathe_format, active_flags),
    0,
    format_thunks<T>::create,
    destroy<format_instance<T>>,
    format_thunks<T>::quantize,
    has_backward<T> ? format_thunks<T>::backward : nullptr,
    format_thunks<T>::storage_bits,
    format_thunks<T>::precision,
    has_state<T> ? format_thunks<T>::state : nullptr,
    has_codes<T> ? format_thunks<T>::codes : nullptr,
    has_fit<T> ? format_thunks<T>::fit_axis : nullptr,
    has_fit<T> ? format_thunks<T>::fit : nullptr,
    has_active_flags<T> ? format_thunks<T>::active_flags : nullptr};

}  // namespace detail

template <class T>
constexpr lathe_component format(const char* id, const char* version, const char* doc) {
  if constexpr (!detail::has_quantize<T> && !detail::has_nearest<T>) {
    static_assert(detail::lacks<T>,
                  "a format needs a method: void quantize(const lathe::format_context&, "
                  "lathe::tensor<const float> x, lathe::tensor<float> y) const, or "
                  "float nearest(float x) const");
    return detail::component<T>(LATHE_KIND_FORMAT, id, version, doc, nullptr);
  } else if constexpr (!detail::has_storage_bits<T> && !detail::has_bits<T>) {
    static_assert(detail::lacks<T>,
                  "a format needs a method: double storage_bits(const lathe::site&) const, or "
                  "double bits() const");
    return detail::component<T>(LATHE_KIND_FORMAT, id, version, doc, nullptr);
  } else if constexpr (!detail::has_precision<T> && !detail::has_bits<T>) {
    static_assert(detail::lacks<T>,
                  "a format needs a method: std::vector<lathe::value> precision() const");
    return detail::component<T>(LATHE_KIND_FORMAT, id, version, doc, nullptr);
  } else {
    constexpr bool by_element = !detail::has_quantize<T>;
    return detail::component<T>(LATHE_KIND_FORMAT, id, version, doc, &detail::format_interface<T>,
                                by_element ? LATHE_FLAG_ROWS_APART | LATHE_FLAG_ELEMENTS_APART : 0);
  }
}

}  // namespace lathe

#pragma GCC visibility pop
