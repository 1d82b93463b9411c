// Calls of number formats. Knows nothing about graphs.
#include "core/run/quantizer.hpp"

#include "core/graph/graph.hpp"
#include "core/tensor/borrowed_tensor.hpp"
#include "core/tensor/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <list>

namespace lathe::run {

namespace {

struct Reads : BorrowedTensor {
  Reads(const float* data, std::span<const std::int64_t> shape)
      : BorrowedTensor(DType::float32, data, shape, LATHE_TENSOR_READ_ONLY) {}
};

struct Writes : BorrowedTensor {
  Writes(float* data, std::span<const std::int64_t> shape)
      : BorrowedTensor(DType::float32, data, shape, 0) {}
};

lathe_str str_of(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

// What one call of a kernel is handed; stays where it was made.
class Quantizer::Arguments {
 public:
  enum class Access { read, write };

  Arguments(const Quantizer& of, bool training, Access access, RandomPlace place) : of_(of) {
    const OpRow& row = *of.node_->row;
    site_.struct_size = sizeof site_;
    site_.role = of.tensor_.site.role;
    site_.node = str_of(of.node_->name);
    const std::string& name = of.tensor_.name;
    if (of.node_->parameter(name) != nullptr) site_.parameter = str_of(name);
    site_.op = str_of(row.op);
    site_.input_index = of.tensor_.site.input;
    site_.is_unsigned = row.is_unsigned ? 1 : 0;
    site_.shape = of.tensor_.shape.dims().data();
    site_.rank = of.tensor_.shape.rank();
    site_.channel_axis = of.tensor_.channel_axis;
    for (const State& state : of.state_) lend(state, training && access == Access::write);
    context_ = {sizeof context_, training ? 1u : 0u, &site_,       place.seed ^ of.stream_,
                place.counter,   state_.data(),      state_.size()};
  }
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  const lathe_format_context& context() const { return context_; }

  // Zeros for the gradients of what is learnable.
  std::span<lathe_tensor* const> gradients() {
    for (const State& state : of_.state_) {
      d_state_.push_back(nullptr);
      if (state.gradient == nullptr) continue;
      const Shape& shape = state.parameter->shape;
      memory_.emplace_back(static_cast<std::size_t>(shape.numel()), 0.0F);
      tensors_.emplace_back(DType::float32, memory_.back().data(), shape.dims(), 0);
      d_state_.back() = &tensors_.back().view();
    }
    return d_state_;
  }
  // Adds them to those of the training.
  void add_gradients() const {
    auto made = memory_.begin();
    for (const State& state : of_.state_) {
      if (state.gradient == nullptr) continue;
      for (std::size_t i = 0; i < made->size(); ++i) state.gradient[i] += (*made)[i];
      ++made;
    }
  }

 private:
  void lend(const State& state, bool write) {
    const Parameter& parameter = *state.parameter;
    const float* value =
        state.value != nullptr ? state.value : parameter.content->tensor().values<float>().data();
    write = write && state.value != nullptr;
    tensors_.emplace_back(DType::float32, value, parameter.shape.dims(),
                          write ? 0 : LATHE_TENSOR_READ_ONLY);
    state_.push_back(&tensors_.back().view());
  }

  const Quantizer& of_;
  lathe_site site_{};
  lathe_format_context context_{};
  std::list<BorrowedTensor> tensors_;
  std::list<std::vector<float>> memory_;  // of gradients
  std::vector<lathe_tensor*> state_, d_state_;
};

Quantizer::Quantizer(const Registry& registry, const Graph& graph, NodeId node,
                     const OperandFormat& format, std::uint32_t input_index)
    : format_(&format_instance(registry, format.format, format.options)),
      node_(&graph.node(node)),
      tensor_(site_of(graph, node, format.role, input_index)) {
  stochastic_ = format_->component().has(LATHE_FLAG_STOCHASTIC);
  if (stochastic_) {
    stream_ = stream_of(fmt::format("{}/{}/{}", node_->name, format.role, input_index));
  }
  for (const Parameter& parameter : node_->parameters) {
    if (parameter.is_state() && parameter.site == tensor_.site) state_.push_back({&parameter});
  }
}

bool Quantizer::learns() const {
  return std::ranges::any_of(state_, [](const State& s) { return !s.parameter->is_buffer; });
}

ContentHash Quantizer::identity() const {
  Hasher hasher;
  hasher.add(static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(format_)));
  hasher.add(std::int64_t{tensor_.site.role}).add(std::int64_t{tensor_.site.input});
  hasher.add(std::int64_t{tensor_.channel_axis}).add(std::string_view(node_->row->op));
  for (const State& state : state_) hasher.add(state.parameter->content->hash());
  return hasher.finish();
}

void Quantizer::train_on(TrainedParameters& parameters) {
  for (State& state : state_) {
    TrainedParameters::Piece& piece = parameters.piece(state.parameter->qualified_name);
    state.value = piece.value;
    state.gradient = piece.gradient;
    if (state.parameter->is_buffer) state.value = reinterpret_cast<float*>(piece.buffer.data());
  }
}

void Quantizer::quantize(const float* x, float* y, std::span<const std::int64_t> shape,
                         bool training, RandomPlace place) const {
  const Arguments arguments(*this, training, Arguments::Access::write, place);
  const Reads from(x, shape);
  Writes to(y, shape);
  format_->quantize(arguments.context(), from.view(), to.view());
}

void Quantizer::quantize_rows(const float* x, float* y, std::span<const std::int64_t> shape,
                              RandomPlace place, std::int64_t rows) const {
  const std::int64_t total = shape.empty() ? 0 : shape[0];
  if (rows <= 0 || total <= rows) {
    quantize(x, y, shape, false, place);
    return;
  }
  std::vector<std::int64_t> part(shape.begin(), shape.end());
  std::int64_t row_elements = 1;
  for (const std::int64_t extent : shape.subspan(1)) row_elements *= extent;
  for (std::int64_t first = 0; first < total; first += rows) {
    part[0] = std::min(rows, total - first);
    const std::int64_t at = first * row_elements;
    quantize(x + at, y + at, part, false,
             {place.seed, place.counter + static_cast<std::uint64_t>(at)});
  }
}

void Quantizer::backward(const float* x, const float* dy, float* dx,
                         std::span<const std::int64_t> shape, bool training,
                         RandomPlace place) const {
  Arguments arguments(*this, training, Arguments::Access::read, place);
  const Reads from(x, shape);
  const Reads given(dy, shape);
  Writes to(dx, shape);
  const auto state = arguments.gradients();
  lathe_format_gradients gradients{sizeof gradients, 0,           &given.view(), &to.view(),
                                   state.data(),     state.size()};
  format_->backward(arguments.context(), from.view(), gradients);
  arguments.add_gradients();
}

Quantizer quantizer_of(const Registry& registry, const Graph& graph, NodeId node,
                       std::string_view role, std::uint32_t input_index) {
  const OperandFormat* format = graph.node(node).format(role);
  if (format == nullptr) return {};
  return {registry, graph, node, *format, input_index};
}

}  // namespace lathe::run
