// Flat storage of what is trained.
#include "core/engine/parameters.hpp"

#include <fmt/format.h>

namespace lathe::engine {

TrainedParameters::TrainedParameters(const Plan& plan, at::Device device)
    : plan_(plan), device_(device) {
  std::size_t size = 0;
  for (const Parameter* parameter : plan.unique()) {
    Piece piece{parameter, size, !parameter->is_buffer, {}, {}, {}};
    if (piece.trained) {
      if (parameter->dtype != DType::float32) {
        throw usage_error(fmt::format("parameter '{}' is {}; only float32 can be trained",
                                      parameter->qualified_name, name(parameter->dtype)));
      }
      size += static_cast<std::size_t>(parameter->shape.numel());
    }
    pieces_.push_back(std::move(piece));
  }
  values_.resize(size);
  gradients_.resize(size);
  const auto cpu_float = at::TensorOptions().dtype(at::kFloat);
  for (Piece& piece : pieces_) {
    const Tensor& contents = piece.parameter->content->tensor();
    if (!piece.trained) {
      piece.host = share(contents).clone();
      const bool moves = at::isFloatingType(piece.host.scalar_type());
      piece.leaf = moves ? piece.host.to(device_) : piece.host;
      continue;
    }
    const auto& dims = piece.parameter->shape.dims();
    piece.host = at::from_blob(values_.data() + piece.begin, dims, cpu_float);
    piece.gradient = at::from_blob(gradients_.data() + piece.begin, dims, cpu_float);
    piece.host.copy_(share(contents));
    piece.leaf = device_.is_cpu() ? piece.host : piece.host.to(device_);
    piece.leaf.requires_grad_(true);
    piece.leaf.mutable_grad() = device_.is_cpu() ? piece.gradient : at::zeros_like(piece.leaf);
  }
  operands_.resize(plan.operands().size());
  quantized_.resize(plan.operands().size());
}

std::pair<float*, float*> TrainedParameters::trained(std::uint32_t unique) {
  const Piece& piece = pieces_[unique];
  if (!piece.trained) return {nullptr, nullptr};
  return {values_.data() + piece.begin, gradients_.data() + piece.begin};
}

std::span<const at::Tensor> TrainedParameters::for_training(RandomPlace place) {
  for (std::size_t i = 0; i < operands_.size(); ++i) {
    const PlanOperand& operand = plan_.operands()[i];
    const Piece& piece = pieces_[operand.unique];
    if (!operand.format) {
      operands_[i] = piece.leaf;
    } else if (operand.format.has_backward() || !device_.is_cpu()) {
      operands_[i] = operand.format.differentiable(piece.leaf, true, place);
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
      operand.format.into(piece.host.detach(), plain, true, place);
      operands_[i] = leaf;
    }
  }
  return operands_;
}

std::vector<at::Tensor> TrainedParameters::for_evaluation(RandomPlace place) const {
  std::vector<at::Tensor> out;
  for (const PlanOperand& operand : plan_.operands()) {
    const at::Tensor plain = pieces_[operand.unique].leaf.detach();
    out.push_back(operand.format ? operand.format(plain, false, place) : plain);
  }
  return out;
}

void TrainedParameters::collect_gradients() {
  if (device_.is_cpu()) return;
  for (Piece& piece : pieces_) {
    if (!piece.trained) continue;
    piece.gradient.add_(piece.leaf.grad().to(at::kCPU));
    piece.leaf.mutable_grad().zero_();
  }
}

void TrainedParameters::publish_values() {
  if (device_.is_cpu()) return;
  for (Piece& piece : pieces_) piece.leaf.detach().copy_(piece.host.detach());
}

std::map<std::string, Tensor> TrainedParameters::contents() const {
  std::map<std::string, Tensor> out;
  for (const Piece& piece : pieces_) {
    const at::Tensor& current = piece.trained ? piece.host : piece.leaf;
    out.emplace(piece.parameter->qualified_name, share(current.detach().to(at::kCPU).clone()));
  }
  return out;
}

std::map<std::string, Tensor> TrainedParameters::gradient_contents() const {
  std::map<std::string, Tensor> out;
  for (const Piece& piece : pieces_) {
    if (!piece.trained) continue;
    out.emplace(piece.parameter->qualified_name, share(piece.gradient.clone()));
  }
  return out;
}

void TrainedParameters::assign(const std::map<std::string, Tensor>& contents) {
  for (Piece& piece : pieces_) {
    const at::Tensor given = share(contents.at(piece.parameter->qualified_name));
    piece.host.detach().copy_(given);
    if (!piece.leaf.is_same(piece.host)) piece.leaf.detach().copy_(given);
  }
}

}  // namespace lathe::engine
