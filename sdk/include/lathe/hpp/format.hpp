// Kind "format". A type with const methods, called from several threads at once:
//   void quantize(const lathe::format_context&, lathe::tensor<const float> x,
//                 lathe::tensor<float> y) const          y may be x
//   void backward(const lathe::format_context&, lathe::tensor<const float> x,
//                 const lathe::format_gradients&) const                           optional
//   std::vector<lathe::state_spec> state(const lathe::site&) const                optional
//   double storage_bits(lathe::shape) const
//   std::vector<lathe::value> precision() const
#pragma once

#include <lathe/kind/format.h>
#include <lathe/hpp/component.hpp>

#include <algorithm>

#pragma GCC visibility push(hidden)

namespace lathe {

// The tensor of a node that a format sits on.
class site {
 public:
  explicit site(const lathe_site& s) : s_(&s) {}
  lathe_role role() const { return s_->role; }
  bool is_activation() const {
    return s_->role == LATHE_ROLE_DATA_IN || s_->role == LATHE_ROLE_DATA_OUT;
  }
  std::string_view op() const { return to_view(s_->op); }  // "linear", "relu"
  std::uint32_t input_index() const { return s_->input_index; }
  // Fixed point of this operand has no sign, whatever the options say: the input of a ReLU.
  bool is_unsigned() const { return s_->is_unsigned != 0; }
  // The dimension that channels lie along; -1: none.
  std::int32_t channel_axis() const { return s_->channel_axis; }
  // Of the graph, batch included; empty in state().
  lathe::shape shape() const { return {s_->shape, s_->rank}; }
  // For messages.
  std::string_view node() const { return to_view(s_->node); }
  std::string_view parameter() const { return to_view(s_->parameter); }  // empty: an activation

 private:
  const lathe_site* s_;
};

// A tensor that the host keeps for each tensor that the format sits on: learned("step", 1.0),
// buffer("seen"), learned("step", 1.0).per_channel(), buffer("range").of({2}).
class state_spec {
 public:
  state_spec(std::string_view name, bool learnable, double initial) : row_{} {
    row_.name = to_str(name);
    row_.learnable = learnable ? 1 : 0;
    row_.initial = initial;
  }
  // One number per channel, or a single one where there are no channels.
  state_spec per_channel() const {
    state_spec changed = *this;
    changed.row_.per_channel = 1;
    return changed;
  }
  state_spec of(std::vector<std::int64_t> extents) const {
    state_spec changed = *this;
    changed.shape_ = std::move(extents);
    return changed;
  }
  // Borrowed from this.
  lathe_state_spec row() const {
    lathe_state_spec row = row_;
    row.shape = shape_.data();
    row.rank = shape_.size();
    return row;
  }

 private:
  lathe_state_spec row_;
  std::vector<std::int64_t> shape_;
};
// The name must outlive the format, eg: a literal.
inline state_spec learned(std::string_view name, double initial = 0) {
  return {name, true, initial};
}
inline state_spec buffer(std::string_view name, double initial = 0) {
  return {name, false, initial};
}

// How a kernel is called.
class format_context {
 public:
  format_context(lathe_call* call, const lathe_format_context& c) : call_(call), c_(c) {}
  lathe::site site() const { return lathe::site(*c_.site); }
  lathe_role role() const { return site().role(); }
  bool is_activation() const { return site().is_activation(); }
  std::string_view op() const { return site().op(); }
  bool is_unsigned() const { return site().is_unsigned(); }
  std::uint32_t input_index() const { return site().input_index(); }
  bool training() const { return c_.training != 0; }
  // The tensors that state() asked for, in its order. To write to in quantize() while training.
  std::uint64_t state_count() const { return c_.state_count; }
  tensor<const float> state(std::uint64_t i) const { return tensor<const float>(raw_state(i)); }
  tensor<float> state_to_write(std::uint64_t i) const { return tensor<float>(raw_state(i)); }
  // Of the random stream, for formats with LATHE_FLAG_STOCHASTIC.
  std::uint64_t seed() const { return c_.seed; }
  std::uint64_t counter() const { return c_.counter; }
  context host() const { return context(call_); }

 private:
  const lathe_tensor& raw_state(std::uint64_t i) const {
    if (i >= c_.state_count) throw error(LATHE_OUT_OF_RANGE, "the site has no such state");
    return *c_.state[i];
  }
  lathe_call* call_;
  const lathe_format_context& c_;
};

// What backward() is given and fills in.
class format_gradients {
 public:
  explicit format_gradients(const lathe_format_gradients& g) : g_(g) {}
  tensor<const float> dy() const { return tensor<const float>(*g_.dy); }
  tensor<float> dx() const { return tensor<float>(*g_.dx); }
  // Of a learned state; zero until it is filled in.
  tensor<float> state(std::uint64_t i) const {
    if (i >= g_.d_state_count || g_.d_state[i] == nullptr) {
      throw error(LATHE_OUT_OF_RANGE, "the site has no such learned state");
    }
    return tensor<float>(*g_.d_state[i]);
  }

 private:
  const lathe_format_gradients& g_;
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
template <class T, class = void>
constexpr bool has_state = false;
template <class T>
constexpr bool has_state<T, std::void_t<decltype(&T::state)>> = true;

// Memory of the host's that is valid until the call ends.
template <class T>
T* scratch(lathe_call* call, std::uint64_t count) {
  void* memory = call->host->scratch(call, (count == 0 ? 1 : count) * sizeof(T), alignof(T));
  if (memory == nullptr) throw error(LATHE_RESOURCE_EXHAUSTED, "out of memory");
  return static_cast<T*>(memory);
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
constexpr lathe_format format_interface = {LATHE_SIZE_UP_TO(lathe_format, state),
                                           0,
                                           format_thunks<T>::create,
                                           destroy<format_instance<T>>,
                                           format_thunks<T>::quantize,
                                           has_backward<T> ? format_thunks<T>::backward : nullptr,
                                           format_thunks<T>::storage_bits,
                                           format_thunks<T>::precision,
                                           has_state<T> ? format_thunks<T>::state : nullptr};

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
