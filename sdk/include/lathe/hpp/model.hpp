// Kind "model". A type with `void build(lathe::model_builder& m)`: adds nodes as PyTorch would name
// them. Attributes left out take PyTorch's defaults. One that has weights of its own promises them
// (m.changes().promise_parameter) and has `void contents(std::uint64_t source, lathe_tensor& out)
// const`, which is called from any thread.
#pragma once

#include <lathe/kind/model.h>
#include <lathe/hpp/component.hpp>
#include <lathe/hpp/edit.hpp>
#include <lathe/hpp/field.hpp>

#pragma GCC visibility push(hidden)

namespace lathe {

// Part of an index: start:stop:step, each an integer or left out.
inline value slice(value start = {}, value stop = {}, value step = {}) {
  return value::map({{"slice", value::list({std::move(start), std::move(stop), std::move(step)})}});
}

class model_builder {
 public:
  using attributes = std::vector<value::entry>;

  model_builder(lathe_call* call, lathe_edit* e, const lathe_model_input& input)
      : call_(call), edit_(call, e), fields_(detail::fields_of(*input.fields)) {}

  // All that can be done to a graph.
  lathe::edit& changes() { return edit_; }
  context host() const { return context(call_); }

  // What the data set says of its rows; empty without one.
  const std::vector<lathe::field>& fields() const { return fields_; }
  std::vector<lathe::field> inputs() const {
    std::vector<lathe::field> all;
    for (const lathe::field& f : fields_) {
      if (f.role == LATHE_FIELD_INPUT) all.push_back(f);
    }
    return all;
  }
  bool has_field(std::string_view name) const { return find(name) != nullptr; }
  // With a known shape, or it is an error that names the field.
  const lathe::field& field(std::string_view name) const {
    const lathe::field* found = find(name);
    if (found != nullptr && found->known_shape) return *found;
    throw error(LATHE_FAILED_PRECONDITION,
                found == nullptr
                    ? join({"this network needs a data set with a field '", name, "'"})
                    : join({"the data set does not say the shape of its field '", name, "'"}));
  }

  // The shape of the first input's part of a row; empty if the data set does not say.
  lathe::shape sample_shape() const {
    const lathe::field* input = first(LATHE_FIELD_INPUT);
    return input == nullptr ? lathe::shape() : lathe::shape(input->shape);
  }
  bool knows_shape() const {
    const lathe::field* input = first(LATHE_FIELD_INPUT);
    return input != nullptr && input->known_shape;
  }
  bool knows_anything() const { return knows_shape() || outputs_of_target() > 0; }
  // Elements of the first input, or `otherwise` (0: then unknown is an error).
  std::int64_t features(std::int64_t otherwise = 0) const {
    if (knows_shape()) return static_cast<std::int64_t>(element_count(sample_shape()));
    if (otherwise > 0) return otherwise;
    throw error(LATHE_FAILED_PRECONDITION,
                "the data set does not say how many features a sample has; name a data set "
                "(--dataset), or files it can be read from");
  }
  // Of the first target.
  std::int64_t classes(std::int64_t otherwise = 0) const {
    const lathe::field* target = first(LATHE_FIELD_TARGET);
    if (target != nullptr && target->classes > 0) return target->classes;
    if (otherwise > 0) return otherwise;
    if (target != nullptr && !target->of_classes()) {
      throw error(LATHE_FAILED_PRECONDITION,
                  join({"this network tells classes apart; the target '", target->name,
                        "' of the data set is made of numbers"}));
    }
    throw error(LATHE_FAILED_PRECONDITION,
                "the data set does not say how many classes it has; name a data set (--dataset), "
                "or give its option 'classes'");
  }
  // How many outputs the first target needs: one per class, or one for each of its numbers.
  std::int64_t outputs(std::int64_t otherwise = 0) const {
    const std::int64_t count = outputs_of_target();
    return count > 0 ? count : classes(otherwise);
  }

  // Without a shape it takes shape and element type of the data set's input of that name, else of
  // the input at its place; a shape is that of one sample.
  node_id placeholder(const std::string& name) { return input_node(name, {}); }
  node_id placeholder(const std::string& name, const std::vector<std::int64_t>& sample) {
    return input_node(name, {{"shape", value::list_of(sample)}});
  }
  // Of another element type than float32, eg: "int64".
  node_id placeholder_of(const std::string& name, const std::vector<std::int64_t>& sample,
                         const char* dtype) {
    return input_node(name, {{"shape", value::list_of(sample)}, {"dtype", dtype}});
  }
  // With the annotation that torch.fx prints, eg: "torch.Tensor".
  node_id placeholder(const std::string& name, const std::vector<std::int64_t>& sample,
                      const char* type) {
    return input_node(name, {{"shape", value::list_of(sample)}, {"type", type}});
  }
  void output(node_id x) {
    node_spec spec{"output", "output", {x}};
    spec.opcode = LATHE_OPCODE_OUTPUT;
    edit_.add(spec);
  }

  // Any op of the table as a module, a function or a method.
  node_id module(const std::string& op, const std::string& target, std::vector<value> args,
                 attributes a = {}) {
    return edit_.add({op, target, std::move(args), std::move(a)});
  }
  // The same with parameters that begin otherwise than PyTorch's.
  node_id module(const std::string& op, const std::string& target, std::vector<value> args,
                 attributes a, std::vector<initialiser> initialisers) {
    node_spec spec{op, target, std::move(args), std::move(a)};
    spec.initialisers = std::move(initialisers);
    return edit_.add(spec);
  }
  node_id function(const std::string& op, std::vector<value> args, attributes kwargs = {}) {
    node_spec spec{op, {}, std::move(args)};
    spec.opcode = LATHE_OPCODE_CALL_FUNCTION;
    spec.kwargs = std::move(kwargs);
    return edit_.add(spec);
  }
  node_id method(const std::string& op, std::vector<value> args) {
    node_spec spec{op, op, std::move(args)};
    spec.opcode = LATHE_OPCODE_CALL_METHOD;
    return edit_.add(spec);
  }

  node_id linear(const std::string& target, node_id x, std::int64_t in, std::int64_t out,
                 bool bias = true) {
    return module("linear", target, {x},
                  {{"in_features", in}, {"out_features", out}, {"bias", bias}});
  }
  // `kernel`, `stride` and `padding` are a number or value::list({height, width}).
  node_id conv1d(const std::string& target, node_id x, std::int64_t in, std::int64_t out,
                 value kernel, attributes more = {}) {
    return conv("conv1d", target, x, in, out, std::move(kernel), std::move(more));
  }
  node_id conv2d(const std::string& target, node_id x, std::int64_t in, std::int64_t out,
                 value kernel, attributes more = {}) {
    return conv("conv2d", target, x, in, out, std::move(kernel), std::move(more));
  }
  node_id batch_norm1d(const std::string& target, node_id x, std::int64_t features,
                       attributes more = {}) {
    more.insert(more.begin(), {"num_features", features});
    return module("batch_norm1d", target, {x}, std::move(more));
  }
  node_id batch_norm2d(const std::string& target, node_id x, std::int64_t features,
                       attributes more = {}) {
    more.insert(more.begin(), {"num_features", features});
    return module("batch_norm2d", target, {x}, std::move(more));
  }
  // Rows of a table by number: x holds int64 or int32 numbers below `count`.
  node_id embedding(const std::string& target, node_id x, std::int64_t count, std::int64_t width) {
    return module("embedding", target, {x}, {{"num_embeddings", count}, {"embedding_dim", width}});
  }
  node_id relu(const std::string& target, node_id x, bool inplace = false) {
    return module("relu", target, {x}, {{"inplace", inplace}});
  }
  node_id dropout(const std::string& target, node_id x, double p = 0.5) {
    return module("dropout", target, {x}, {{"p", p}});
  }
  node_id max_pool2d(const std::string& target, node_id x, value kernel, attributes more = {}) {
    more.insert(more.begin(), {"kernel_size", std::move(kernel)});
    return module("max_pool2d", target, {x}, std::move(more));
  }
  node_id avg_pool2d(const std::string& target, node_id x, value kernel, attributes more = {}) {
    more.insert(more.begin(), {"kernel_size", std::move(kernel)});
    return module("avg_pool2d", target, {x}, std::move(more));
  }
  node_id adaptive_avg_pool1d(const std::string& target, node_id x, value size) {
    return module("adaptive_avg_pool1d", target, {x}, {{"output_size", std::move(size)}});
  }
  node_id adaptive_avg_pool2d(const std::string& target, node_id x, value size) {
    return module("adaptive_avg_pool2d", target, {x}, {{"output_size", std::move(size)}});
  }

  // x.size(dimension), x.view(extents...), torch.flatten(x, start), x + y and friends.
  node_id size(node_id x, std::int64_t dimension) { return method("size", {x, dimension}); }
  node_id view(node_id x, const std::vector<value>& extents) {
    std::vector<value> args = {x};
    args.insert(args.end(), extents.begin(), extents.end());
    return method("view", std::move(args));
  }
  node_id flatten(node_id x, std::int64_t start = 1) { return function("flatten", {x, start}); }
  node_id add(node_id x, node_id y) { return function("add", {x, y}); }
  node_id sub(node_id x, node_id y) { return function("sub", {x, y}); }
  node_id mul(node_id x, node_id y) { return function("mul", {x, y}); }
  node_id matmul(node_id x, node_id y) { return function("matmul", {x, y}); }
  node_id cat(const std::vector<value>& parts, std::int64_t dimension = 1) {
    return function("cat", {value::list(parts), dimension});
  }
  // The mean over some dimensions, which go away.
  node_id mean(node_id x, const std::vector<std::int64_t>& dimensions) {
    return function("mean", {x, value::list_of(dimensions)});
  }
  // x[:, ::2] is getitem(x, {slice(), slice({}, {}, 2)}); an integer takes its dimension away.
  node_id getitem(node_id x, std::vector<value> index) {
    return function("getitem", {x, value::list(std::move(index))});
  }
  // Margins of zeros, in pairs, the last dimension's first, as torch.nn.functional.pad has them.
  node_id pad(node_id x, const std::vector<std::int64_t>& margins) {
    return function("pad", {x, value::list_of(margins), "constant", 0});
  }

 private:
  const lathe::field* find(std::string_view name) const {
    for (const lathe::field& f : fields_) {
      if (f.name == name) return &f;
    }
    return nullptr;
  }
  const lathe::field* first(lathe_field_role role) const {
    for (const lathe::field& f : fields_) {
      if (f.role == role) return &f;
    }
    return nullptr;
  }
  // 0: not known.
  std::int64_t outputs_of_target() const {
    const lathe::field* target = first(LATHE_FIELD_TARGET);
    if (target == nullptr) return 0;
    if (target->of_classes()) return target->classes;
    return target->known_shape ? target->elements() : 0;
  }
  node_id input_node(const std::string& name, attributes a) {
    node_spec spec{"placeholder", name, {}, std::move(a)};
    spec.opcode = LATHE_OPCODE_PLACEHOLDER;
    return edit_.add(spec);
  }
  node_id conv(const char* op, const std::string& target, node_id x, std::int64_t in,
               std::int64_t out, value kernel, attributes more) {
    attributes all = {
        {"in_channels", in}, {"out_channels", out}, {"kernel_size", std::move(kernel)}};
    all.insert(all.end(), more.begin(), more.end());
    return module(op, target, {x}, std::move(all));
  }

  lathe_call* call_;
  edit edit_;
  std::vector<lathe::field> fields_;
};

namespace detail {

template <class T, class = void>
constexpr bool has_build = false;
template <class T>
constexpr bool
    has_build<T, std::void_t<decltype(std::declval<T&>().build(std::declval<model_builder&>()))>> =
        true;

template <class T, class = void>
constexpr bool has_contents = false;
template <class T>
constexpr bool has_contents<T, std::void_t<decltype(std::declval<const T&>().contents(
                                   std::uint64_t{}, std::declval<lathe_tensor&>()))>> = true;

template <class T>
struct model_thunks {
  static lathe_code create(lathe_call* call, const lathe_value* options, void** self) noexcept {
    return guarded(call, [&] { *self = construct<T>(call, options); });
  }
  static lathe_code build(lathe_call* call, void* self, const lathe_model_input* input,
                          lathe_edit* e) noexcept {
    return guarded(call, [&] {
      model_builder builder(call, e, *input);
      static_cast<T*>(self)->build(builder);
    });
  }
  static lathe_code contents(lathe_call* call, void* self, std::uint64_t source,
                             lathe_tensor* out) noexcept {
    return guarded(call, [&] { static_cast<const T*>(self)->contents(source, *out); });
  }
  static constexpr auto contents_or_null() {
    if constexpr (has_contents<T>) {
      return &contents;
    } else {
      return static_cast<decltype(lathe_model::contents)>(nullptr);
    }
  }
};

template <class T>
constexpr lathe_model model_interface = {LATHE_SIZE_UP_TO(lathe_model, contents),
                                         0,
                                         model_thunks<T>::create,
                                         destroy<T>,
                                         model_thunks<T>::build,
                                         model_thunks<T>::contents_or_null()};

}  // namespace detail

template <class T>
constexpr lathe_component model(const char* id, const char* version, const char* doc) {
  if constexpr (detail::has_build<T>) {
    return detail::component<T>(LATHE_KIND_MODEL, id, version, doc, &detail::model_interface<T>);
  } else {
    static_assert(detail::lacks<T>, "a model needs one method: void build(lathe::model_builder&)");
    return detail::component<T>(LATHE_KIND_MODEL, id, version, doc, nullptr);
  }
}

}  // namespace lathe

#pragma GCC visibility pop
