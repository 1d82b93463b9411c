// Kind "op": a layer or a function that the dialect lacks. A type whose `options` are the op's
// attributes, with what passes and printouts are to know of it, and const methods:
//   static constexpr lathe::op_facts facts = lathe::op_module("RMSNorm")...;
//   lathe::op_result infer(lathe::op_tensors inputs) const
//   std::vector<lathe::op_parameter> parameters() const                                  optional
//   lathe::op_cost cost(lathe::op_tensors inputs, lathe::shape result) const             optional
//   void forward(const lathe::op_call&, lathe::tensor<float> y) const
//   void backward(const lathe::op_call&, const lathe::op_gradients&) const               optional
// An op whose results are integers takes `lathe_tensor& y`. With LATHE_FLAG_PARALLEL among its
// `flags` it is called from several threads at once.
#pragma once

#include <lathe/kind/op.h>
#include <lathe/hpp/component.hpp>

#include <optional>

#pragma GCC visibility push(hidden)

namespace lathe {

// The static part of lathe_op, written as a sentence; each setter returns a changed copy.
class op_facts {
 public:
  // The module's constructor prints as PyTorch's does: "{normalized_shape}, eps={eps}".
  constexpr op_facts printed(const char* extra_repr) const {
    op_facts f = *this;
    f.op_.extra_repr = extra_repr;
    return f;
  }
  // It is a function too: its arguments in order, attributes and tensors.
  constexpr op_facts function(const char* name, const char* signature,
                              const char* input_roles = nullptr) const {
    op_facts f = *this;
    f.op_.function = name;
    f.op_.signature = signature;
    f.op_.input_roles = input_roles;
    return f;
  }
  // Roles that number formats can sit on: "data_in|weight".
  constexpr op_facts quantizable(const char* roles) const {
    op_facts f = *this;
    f.op_.quantizable = roles;
    return f;
  }
  constexpr op_facts bits(lathe_bit_rule rule) const {
    op_facts f = *this;
    f.op_.bits = rule;
    return f;
  }
  constexpr op_facts channels(lathe_channel_rule rule, std::uint32_t weight_channels = 0) const {
    op_facts f = *this;
    f.op_.channels = rule;
    f.op_.weight_channels = weight_channels;
    return f;
  }
  // Fixed point of its operands has no sign.
  constexpr op_facts without_sign() const {
    op_facts f = *this;
    f.op_.is_unsigned = 1;
    return f;
  }
  constexpr lathe_op c_facts() const { return op_; }

 private:
  friend constexpr op_facts op_module(const char* module_class, const char* inputs);
  friend constexpr op_facts op_function(const char* name, const char* signature,
                                        const char* input_roles);
  lathe_op op_ = {};
};

// A module of that class, with tensor inputs of these names.
constexpr op_facts op_module(const char* module_class, const char* inputs = "input") {
  op_facts f;
  f.op_.module_class = module_class;
  f.op_.inputs = inputs;
  return f;
}
// A function alone.
constexpr op_facts op_function(const char* name, const char* signature,
                               const char* input_roles = nullptr) {
  return op_facts().function(name, signature, input_roles);
}

// One tensor that a node reads.
struct op_tensor {
  std::string_view name;
  lathe_dtype dtype;
  lathe::shape shape;
};

// Those of a node, in argument order.
class op_tensors {
 public:
  explicit op_tensors(const lathe_op_tensor_table& table) : table_(table) {}
  std::uint64_t size() const { return table_.count; }
  op_tensor operator[](std::uint64_t i) const {
    if (i >= table_.count) throw invalid_argument("a tensor is missing among its inputs");
    const lathe_op_tensor& t = detail::row(table_.rows, table_.row_size, i);
    return {to_view(t.name), t.dtype, {t.shape, t.rank}};
  }
  // The input of that name; nothing if the node has none.
  std::optional<op_tensor> find(std::string_view name) const {
    for (std::uint64_t i = 0; i < size(); ++i) {
      if ((*this)[i].name == name) return (*this)[i];
    }
    return std::nullopt;
  }

 private:
  const lathe_op_tensor_table& table_;
};

struct op_result {
  std::vector<std::int64_t> shape;
  // Row i of the result depends on row i of each input alone.
  bool rows_apart = false;
  lathe_dtype dtype = LATHE_DTYPE_FLOAT32;
};

// A parameter that starts as a constant, unless a setter says otherwise.
struct op_parameter {
  std::string name;
  std::vector<std::int64_t> shape;
  lathe_initialiser_kind initialiser = LATHE_INITIALISER_CONSTANT;
  double a, b = 0;  // as lathe/initialiser.h says
  lathe_dtype dtype = LATHE_DTYPE_FLOAT32;
  bool is_buffer = false;

  op_parameter(std::string the_name, std::vector<std::int64_t> extents, double start = 0)
      : name(std::move(the_name)), shape(std::move(extents)), a(start) {}
  // Uniform on [-bound, bound).
  op_parameter uniform(double bound) const {
    return begun(LATHE_INITIALISER_UNIFORM, -bound, bound);
  }
  op_parameter normal(double deviation) const {
    return begun(LATHE_INITIALISER_NORMAL, 0, deviation);
  }
  // State that is not trained.
  op_parameter buffer(lathe_dtype type = LATHE_DTYPE_FLOAT32) const {
    op_parameter p = *this;
    p.is_buffer = true;
    p.dtype = type;
    return p;
  }

 private:
  op_parameter begun(lathe_initialiser_kind how, double first, double second) const {
    op_parameter p = *this;
    p.initialiser = how;
    p.a = first;
    p.b = second;
    return p;
  }
};

// What executing the op costs. `macs` and `elementwise` are enough; MASE's counts are the op's own
// where they differ from what follows from these (kind/op.h).
struct op_cost {
  double macs = 0;         // multiply-accumulates
  double elementwise = 0;  // other operations, on one element each
  double parameters = 0;
  double input_elements = 0;
  double output_elements = 0;
  double computations = 0;
  double backward_computations = 0;
};

// One execution: the node's tensors by place or by name. A module's parameter and the function's
// argument of the same name are found alike.
class op_call {
 public:
  op_call(lathe_call* call, const lathe_op_call& op) : call_(call), op_(op) {}
  bool training() const { return op_.training != 0; }
  std::uint64_t input_count() const { return op_.input_count; }
  template <class T = float>
  tensor<const T> input(std::uint64_t i) const {
    if (i >= op_.input_count) throw invalid_argument("a tensor is missing among its inputs");
    return tensor<const T>(*op_.inputs[i]);
  }
  // The parameter, or the input, of that name.
  template <class T = float>
  std::optional<tensor<const T>> find(std::string_view name) const {
    if (const lathe_tensor* t = named(name)) return tensor<const T>(*t);
    return std::nullopt;
  }
  // A buffer to update; in training only.
  template <class T = float>
  tensor<T> buffer(std::string_view name) const {
    for (std::uint64_t i = 0; i < op_.parameter_count; ++i) {
      if (to_view(op_.parameter_names[i]) == name) return tensor<T>(*op_.parameters[i]);
    }
    throw invalid_argument(join({"it has no buffer '", name, "'"}));
  }
  // Of the random stream, with LATHE_FLAG_STOCHASTIC.
  std::uint64_t seed() const { return op_.seed; }
  std::uint64_t counter() const { return op_.counter; }
  context host() const { return context(call_); }
  const lathe_op_call& raw() const { return op_; }

 private:
  const lathe_tensor* named(std::string_view name) const {
    for (std::uint64_t i = 0; i < op_.parameter_count; ++i) {
      if (to_view(op_.parameter_names[i]) == name) return op_.parameters[i];
    }
    for (std::uint64_t i = 0; i < op_.input_count; ++i) {
      if (to_view(op_.input_names[i]) == name) return op_.inputs[i];
    }
    return nullptr;
  }
  lathe_call* call_;
  const lathe_op_call& op_;
};

// The gradient that comes in, the result it is of, and those that are asked for: zeros to add to.
class op_gradients {
 public:
  op_gradients(const lathe_op_call& op, const lathe_tensor& y, const lathe_op_gradients& g)
      : op_(op), y_(y), g_(g) {}
  tensor<const float> y() const { return tensor<const float>(y_); }
  tensor<const float> dy() const { return tensor<const float>(*g_.dy); }
  // Nothing: nobody asks for it.
  std::optional<tensor<float>> input(std::uint64_t i) const {
    return i < op_.input_count ? of(g_.d_inputs[i]) : std::nullopt;
  }
  // Of the parameter, or the input, of that name.
  std::optional<tensor<float>> find(std::string_view name) const {
    for (std::uint64_t i = 0; i < op_.parameter_count; ++i) {
      if (to_view(op_.parameter_names[i]) == name) return of(g_.d_parameters[i]);
    }
    for (std::uint64_t i = 0; i < op_.input_count; ++i) {
      if (to_view(op_.input_names[i]) == name) return of(g_.d_inputs[i]);
    }
    return std::nullopt;
  }

 private:
  static std::optional<tensor<float>> of(lathe_tensor* t) {
    if (t == nullptr) return std::nullopt;
    return tensor<float>(*t);
  }
  const lathe_op_call& op_;
  const lathe_tensor& y_;
  const lathe_op_gradients& g_;
};

namespace detail {

template <class T, class = void>
constexpr bool has_facts = false;
template <class T>
constexpr bool has_facts<T, std::void_t<decltype(T::facts.c_facts())>> = true;
template <class T, class = void>
constexpr bool has_infer = false;
template <class T>
constexpr bool has_infer<
    T, std::void_t<decltype(std::declval<const T&>().infer(std::declval<op_tensors>()))>> = true;
template <class T, class Y, class = void>
constexpr bool has_forward = false;
template <class T, class Y>
constexpr bool has_forward<T, Y,
                           std::void_t<decltype(std::declval<const T&>().forward(
                               std::declval<const op_call&>(), std::declval<Y>()))>> = true;
template <class T, class = void>
constexpr bool has_parameters = false;
template <class T>
constexpr bool has_parameters<T, std::void_t<decltype(std::declval<const T&>().parameters())>> =
    true;
template <class T, class = void>
constexpr bool has_cost = false;
template <class T>
constexpr bool has_cost<T, std::void_t<decltype(&T::cost)>> = true;
template <class T, class = void>
constexpr bool has_gradient = false;
template <class T>
constexpr bool has_gradient<T, std::void_t<decltype(&T::backward)>> = true;

// Copies that last until the host has read them.
template <class T>
T* lent(lathe_call* call, const T* items, std::uint64_t count) {
  auto* copy =
      static_cast<T*>(call->host->scratch(call, (count == 0 ? 1 : count) * sizeof(T), alignof(T)));
  if (copy == nullptr) throw error(LATHE_RESOURCE_EXHAUSTED, "there is no memory");
  for (std::uint64_t i = 0; i < count; ++i) copy[i] = items[i];
  return copy;
}

template <class T>
struct op_thunks {
  static const T& of(void* self) { return *static_cast<const T*>(self); }

  static lathe_code create(lathe_call* call, const lathe_value* given, void** self) noexcept {
    return guarded(call, [&] { *self = construct<T>(call, given); });
  }
  static lathe_code infer(lathe_call* call, void* self, const lathe_op_tensor_table* inputs,
                          lathe_op_result* out) noexcept {
    return guarded(call, [&] {
      const op_result made = of(self).infer(op_tensors(*inputs));
      out->dtype = made.dtype;
      out->rank = static_cast<std::uint32_t>(made.shape.size());
      out->rows_apart = made.rows_apart ? 1 : 0;
      out->shape = lent(call, made.shape.data(), made.shape.size());
    });
  }
  static lathe_code parameters(lathe_call* call, void* self,
                               lathe_op_parameter_table* out) noexcept {
    return guarded(call, [&] {
      if constexpr (has_parameters<T>) {
        std::vector<lathe_op_parameter> rows;
        for (const op_parameter& p : of(self).parameters()) {
          lathe_op_parameter row = {};
          row.name = {lent(call, p.name.data(), p.name.size()), p.name.size()};
          row.dtype = p.dtype;
          row.is_buffer = p.is_buffer ? 1 : 0;
          row.rank = static_cast<std::uint32_t>(p.shape.size());
          row.shape = lent(call, p.shape.data(), p.shape.size());
          row.initialiser = p.initialiser;
          row.a = p.a;
          row.b = p.b;
          rows.push_back(row);
        }
        out->row_size = sizeof(lathe_op_parameter);
        out->rows = lent(call, rows.data(), rows.size());
        out->count = rows.size();
      }
    });
  }
  static lathe_code cost(lathe_call* call, void* self, const lathe_op_tensor_table* inputs,
                         const lathe_op_tensor* result, lathe_cost* out) noexcept {
    return guarded(call, [&] {
      if constexpr (has_cost<T>) {
        const op_cost c =
            of(self).cost(op_tensors(*inputs), lathe::shape(result->shape, result->rank));
        out->computations = c.computations;
        out->backward_computations = c.backward_computations;
        out->parameters = c.parameters;
        out->input_elements = c.input_elements;
        out->output_elements = c.output_elements;
        out->macs = c.macs;
        out->elementwise = c.elementwise;
      }
    });
  }
  static lathe_code forward(lathe_call* call, void* self, const lathe_op_call* op,
                            lathe_tensor* y) noexcept {
    return guarded(call, [&] {
      if constexpr (has_forward<T, lathe_tensor&>) {
        of(self).forward(op_call(call, *op), *y);
      } else {
        of(self).forward(op_call(call, *op), tensor<float>(*y));
      }
    });
  }
  static lathe_code backward(lathe_call* call, void* self, const lathe_op_call* op,
                             const lathe_tensor* y, const lathe_op_gradients* g) noexcept {
    return guarded(call, [&] {
      if constexpr (has_gradient<T>) {
        of(self).backward(op_call(call, *op), op_gradients(*op, *y, *g));
      }
    });
  }
};

template <class T>
constexpr lathe_op op_interface_of() {
  lathe_op op = T::facts.c_facts();
  op.struct_size = LATHE_SIZE_UP_TO(lathe_op, backward);
  op.create = op_thunks<T>::create;
  op.destroy = destroy<T>;
  op.infer = op_thunks<T>::infer;
  op.parameters = has_parameters<T> ? op_thunks<T>::parameters : nullptr;
  op.cost = has_cost<T> ? op_thunks<T>::cost : nullptr;
  op.forward = op_thunks<T>::forward;
  op.backward = has_gradient<T> ? op_thunks<T>::backward : nullptr;
  return op;
}

template <class T>
constexpr lathe_op op_interface = op_interface_of<T>();

}  // namespace detail

template <class T>
constexpr lathe_component op(const char* id, const char* version, const char* doc) {
  if constexpr (!detail::has_facts<T>) {
    static_assert(detail::lacks<T>,
                  "an op needs a member: static constexpr lathe::op_facts facts = "
                  "lathe::op_module(...) or lathe::op_function(...)");
    return detail::component<T>(LATHE_KIND_OP, id, version, doc, nullptr);
  } else if constexpr (!detail::has_infer<T>) {
    static_assert(detail::lacks<T>,
                  "an op needs a method: lathe::op_result infer(lathe::op_tensors inputs) const");
    return detail::component<T>(LATHE_KIND_OP, id, version, doc, nullptr);
  } else if constexpr (!detail::has_forward<T, tensor<float>> &&
                       !detail::has_forward<T, lathe_tensor&>) {
    static_assert(detail::lacks<T>,
                  "an op needs a method: void forward(const lathe::op_call&, "
                  "lathe::tensor<float> y) const");
    return detail::component<T>(LATHE_KIND_OP, id, version, doc, nullptr);
  } else {
    return detail::component<T>(LATHE_KIND_OP, id, version, doc, &detail::op_interface<T>);
  }
}

}  // namespace lathe

#pragma GCC visibility pop
