// Forwards with LibTorch's graph of operations, and backwards through it.
#include "core/engine/training_program.hpp"

#include "core/engine/kernels/plugin_op.hpp"
#include "core/engine/quantize.hpp"
#include "core/engine/tensors.hpp"

#include <algorithm>
#include <cstring>

namespace lathe::engine {

namespace {

// Rows of a tensor, one after the other, into memory that is made if it has another size.
void gather_rows(const Tensor& all, std::span<const std::uint64_t> rows, at::Tensor& into) {
  std::vector<std::int64_t> dims = all.shape().dims();
  const std::span<const std::byte> from = all.bytes();
  const std::size_t bytes = from.size() / static_cast<std::size_t>(dims[0]);
  dims[0] = static_cast<std::int64_t>(rows.size());
  if (!into.defined() || into.sizes() != at::IntArrayRef(dims)) {
    into = at::empty(dims, at::TensorOptions().dtype(scalar_type(all.dtype())));
  }
  auto* to = static_cast<std::byte*>(into.data_ptr());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::memcpy(to + i * bytes, from.data() + rows[i] * bytes, bytes);
  }
}

std::vector<NodeId> wanted_of(const Graph& graph, const std::vector<NodeId>& watched) {
  std::vector<NodeId> wanted = graph.node(graph.output()).inputs();
  wanted.insert(wanted.end(), watched.begin(), watched.end());
  return wanted;
}

// Memory that somebody else owns.
at::Tensor borrowed(void* memory, const Shape& shape, DType dtype) {
  return at::from_blob(memory, shape.dims(), at::TensorOptions().dtype(scalar_type(dtype)));
}

}  // namespace

EngineTraining::EngineTraining(const Graph& graph, const Registry& registry, at::Device device,
                               run::TrainedParameters& parameters, run::Mode mode,
                               const std::vector<NodeId>& watched)
    : device_(device),
      training_(mode == run::Mode::training),
      plan_(graph, registry, wanted_of(graph, watched)),
      watched_(watched) {
  std::vector<NodeId> steps;
  for (const Step& step : plan_.steps()) steps.push_back(step.node);
  check_differentiable(plan_.graph(), steps);
  plan_.train_on(parameters);
  for (run::TrainedParameters::Piece& piece : parameters.pieces()) {
    pieces_.push_back(piece_of(piece));
  }
  for (const PlanOperand& operand : plan_.operands()) {
    const run::TrainedParameters::Piece& piece =
        parameters.piece(operand.parameter->qualified_name);
    piece_of_operand_.push_back(static_cast<std::size_t>(&piece - parameters.pieces().data()));
  }
  operands_.resize(plan_.operands().size());
  quantized_.resize(plan_.operands().size());
  registers_.resize(plan_.steps().size());
  inputs_.resize(plan_.inputs().size());
  results_.resize(watched_.size());
}

EngineTraining::Piece EngineTraining::piece_of(run::TrainedParameters::Piece& piece) const {
  const Parameter& parameter = *piece.parameter;
  if (parameter.is_buffer) {
    const at::Tensor host = borrowed(piece.buffer.data(), parameter.shape, parameter.dtype);
    if (!parameter.is_own()) return {&piece, host, {}, host};
    const bool moves = at::isFloatingType(host.scalar_type());
    return {&piece, host, {}, moves ? host.to(device_) : host};
  }
  Piece out{&piece,
            borrowed(piece.value, parameter.shape, DType::float32),
            borrowed(piece.gradient, parameter.shape, DType::float32),
            {}};
  out.leaf = out.host;
  // Formats run on the CPU and see no autograd: they fill in the gradients of their state.
  if (parameter.is_state()) return out;
  out.leaf = device_.is_cpu() ? out.host : out.host.to(device_);
  out.leaf.requires_grad_(true);
  out.leaf.mutable_grad() = device_.is_cpu() ? out.gradient : at::zeros_like(out.leaf);
  return out;
}

std::span<const at::Tensor> EngineTraining::operands(run::RandomPlace place) {
  // In evaluation weights are quantized once, not batch by batch.
  if (!training_) place.counter = 0;
  for (std::size_t i = 0; i < operands_.size(); ++i) {
    const PlanOperand& operand = plan_.operands()[i];
    const Piece& piece = pieces_[piece_of_operand_[i]];
    if (!operand.format) {
      operands_[i] = piece.leaf;
    } else if (operand.format.has_backward() || !device_.is_cpu()) {
      operands_[i] = differentiable(operand.format, piece.leaf, training_, place);
    } else {
      // Straight through: the gradient of the quantized values is that of the parameter, so the
      // quantized copy may be the leaf.
      at::Tensor& leaf = quantized_[i];
      if (!leaf.defined()) {
        leaf = at::empty(piece.host.sizes(), piece.host.options().requires_grad(false));
        leaf.requires_grad_(true);
        leaf.mutable_grad() = piece.gradient;
      }
      at::Tensor plain = leaf.detach();
      quantize_into(operand.format, piece.host.detach(), plain, training_, place);
      operands_[i] = leaf;
    }
  }
  return operands_;
}

std::vector<at::Tensor> EngineTraining::gather(const run::TrainingBatch& batch) {
  std::vector<at::Tensor> inputs;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    gather_rows(batch.inputs[i], batch.rows, inputs_[i]);
    inputs.push_back(inputs_[i].to(device_));
  }
  return inputs;
}

at::Tensor EngineTraining::forward(std::vector<at::Tensor> inputs, run::RandomPlace place) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    // The memory of the batch is used again: a leaf of its own for each.
    const bool is_leaf = !watched_.empty() && at::isFloatingType(inputs[i].scalar_type());
    registers_[plan_.inputs()[i]].tensor =
        is_leaf ? inputs[i].detach().requires_grad_(true) : std::move(inputs[i]);
  }
  Execution execution{plan_, operands(place), registers_};
  execution.training = training_;
  execution.differentiates = true;
  execution.place = place;
  execution.run();
  watch_results();
  const NodeId result = plan_.graph().node(plan_.graph().output()).inputs()[0];
  return std::move(registers_[plan_.step_of(result)].tensor);
}

void EngineTraining::watch_results() {
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    results_[i] = registers_[plan_.step_of(watched_[i])].tensor;
    if (results_[i].defined() && results_[i].requires_grad()) results_[i].retain_grad();
  }
}

const at::Tensor& EngineTraining::result_of(NodeId node) const {
  static const at::Tensor none;
  const auto found = std::ranges::find(watched_, node);
  return found == watched_.end() ? none
                                 : results_[static_cast<std::size_t>(found - watched_.begin())];
}

Tensor EngineTraining::result(NodeId node) const {
  const at::Tensor& tensor = result_of(node);
  return tensor.defined() ? share(tensor) : Tensor();
}

Tensor EngineTraining::gradient(NodeId node) const {
  const at::Tensor& tensor = result_of(node);
  if (!tensor.defined() || !tensor.requires_grad() || !tensor.grad().defined()) return {};
  return share(tensor.grad().to(at::kFloat));
}

Tensor EngineTraining::forward(const run::TrainingBatch& batch) {
  output_ = forward(gather(batch), batch.place);
  numbers_ = output_.detach().to(at::kCPU, at::kFloat).contiguous();
  if (numbers_.dim() == 0 || numbers_.size(0) != static_cast<std::int64_t>(batch.rows.size())) {
    throw run_error(LATHE_FAILED_PRECONDITION,
                    "the network's output has shape " + Shape(numbers_.sizes().vec()).text() +
                        "; " + std::to_string(batch.rows.size()) + " rows are needed");
  }
  return share(numbers_);
}

void EngineTraining::backward(std::span<const float> gradient) {
  if (!output_.requires_grad()) {
    throw usage_error(
        "the network's output depends on no parameter; there is nothing to differentiate by");
  }
  const at::Tensor given = at::from_blob(const_cast<float*>(gradient.data()), numbers_.sizes(),
                                         at::TensorOptions().dtype(at::kFloat));
  backward(std::exchange(output_, {}), given);
}

void EngineTraining::backward(const at::Tensor& output, const at::Tensor& gradient) {
  output.backward(gradient.to(output.device(), output.scalar_type()));
  if (device_.is_cpu()) return;
  for (Piece& piece : pieces_) {
    if (piece.of->parameter->is_buffer || piece.of->parameter->is_state()) continue;
    piece.gradient.add_(piece.leaf.grad().to(at::kCPU));
    piece.leaf.mutable_grad().zero_();
  }
}

void EngineTraining::values_changed() {
  if (device_.is_cpu()) return;
  for (Piece& piece : pieces_) {
    const bool moved = !piece.of->parameter->is_buffer && !piece.leaf.is_same(piece.host);
    if (moved) piece.leaf.detach().copy_(piece.host.detach());
  }
}

void EngineTraining::contents_changed() {
  for (Piece& piece : pieces_) {
    if (!piece.leaf.is_same(piece.host)) piece.leaf.detach().copy_(piece.host.detach());
  }
}

void EngineTraining::bring_buffers() {
  for (Piece& piece : pieces_) {
    if (piece.of->parameter->is_buffer && !piece.leaf.is_same(piece.host)) {
      piece.host.copy_(piece.leaf);
    }
  }
}

}  // namespace lathe::engine
