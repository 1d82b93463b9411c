// Calls of number formats. Knows nothing about graphs.
#include "core/run/quantizer.hpp"

#include "core/graph/graph.hpp"
#include "core/tensor/borrowed_tensor.hpp"

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

// Zeros for the gradients of what is learnable.
class StateGradients {
 public:
  explicit StateGradients(std::span<const FormatState> state) : of_(state) {
    for (const FormatState& kept : state) {
      d_state_.push_back(nullptr);
      if (kept.gradient == nullptr) continue;
      const Shape& shape = kept.parameter->shape;
      memory_.emplace_back(static_cast<std::size_t>(shape.numel()), 0.0F);
      tensors_.emplace_back(memory_.back().data(), shape.dims());
      d_state_.back() = &tensors_.back().view();
    }
  }
  std::span<lathe_tensor* const> tensors() const { return d_state_; }
  // To those of the training.
  void add() const {
    auto made = memory_.begin();
    for (const FormatState& kept : of_) {
      if (kept.gradient == nullptr) continue;
      for (std::size_t i = 0; i < made->size(); ++i) kept.gradient[i] += (*made)[i];
      ++made;
    }
  }

 private:
  std::span<const FormatState> of_;
  std::list<std::vector<float>> memory_;
  std::list<Writes> tensors_;
  std::vector<lathe_tensor*> d_state_;
};

}  // namespace

Quantizer::Quantizer(const Registry& registry, const Graph& graph, NodeId node,
                     const OperandFormat& format, std::uint32_t input_index)
    : format_(&format_instance(registry, format.format, format.options)),
      node_(&graph.node(node)),
      tensor_(site_of(graph, node, format.role, input_index)) {
  stochastic_ = format_->has(LATHE_FLAG_STOCHASTIC);
  if (stochastic_) stream_ = random_stream(*node_, tensor_);
  state_ = format_states(*node_, tensor_.site);
}

bool Quantizer::learns() const {
  return std::ranges::any_of(state_, [](const FormatState& s) { return !s.parameter->is_buffer; });
}

ContentHash Quantizer::identity() const {
  Hasher hasher;
  hasher.add(static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(format_)));
  hasher.add(std::int64_t{tensor_.site.role}).add(std::int64_t{tensor_.site.input});
  hasher.add(std::int64_t{tensor_.channel_axis}).add(std::string_view(node_->row->op));
  for (const FormatState& state : state_) hasher.add(state.parameter->content->hash());
  return hasher.finish();
}

void Quantizer::train_on(TrainedParameters& parameters) {
  for (FormatState& state : state_) {
    TrainedParameters::Piece& piece = parameters.piece(state.parameter->qualified_name);
    state.value = piece.value;
    state.gradient = piece.gradient;
    if (state.parameter->is_buffer) state.value = reinterpret_cast<float*>(piece.buffer.data());
  }
}

void Quantizer::quantize(const float* x, float* y, std::span<const std::int64_t> shape,
                         bool training, RandomPlace place) const {
  const FormatArguments arguments(*node_, tensor_, state_,
                                  {training, true, place.seed ^ stream_, place.counter});
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

IntegerCodes Quantizer::codes(const float* x, std::span<const std::int64_t> shape,
                              RandomPlace place) const {
  const FormatArguments arguments(*node_, tensor_, state_,
                                  {.seed = place.seed ^ stream_, .counter = place.counter});
  return format_->codes(arguments.context(), Reads(x, shape).view());
}

void Quantizer::backward(const float* x, const float* dy, float* dx,
                         std::span<const std::int64_t> shape, bool training,
                         RandomPlace place) const {
  const FormatArguments arguments(*node_, tensor_, state_,
                                  {training, false, place.seed ^ stream_, place.counter});
  const Reads from(x, shape);
  const Reads given(dy, shape);
  Writes to(dx, shape);
  const StateGradients state(state_);
  lathe_format_gradients gradients{sizeof gradients,       0,
                                   &given.view(),          &to.view(),
                                   state.tensors().data(), state.tensors().size()};
  format_->backward(arguments.context(), from.view(), gradients);
  state.add();
}

Quantizer quantizer_of(const Registry& registry, const Graph& graph, NodeId node,
                       std::string_view role, std::uint32_t input_index) {
  const OperandFormat* format = graph.node(node).format(role);
  if (format == nullptr) return {};
  return {registry, graph, node, *format, input_index};
}

}  // namespace lathe::run
