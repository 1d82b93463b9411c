// One training step's gradients.
#include "tests/engine/gradients.hpp"

#include "core/engine/tensors.hpp"
#include "core/engine/training_program.hpp"

namespace lathe_test {

Gradients gradients(const lathe::Registry& registry, const lathe::Graph& graph,
                    const std::vector<lathe::Tensor>& inputs, const lathe::Tensor& upstream) {
  using lathe::engine::share;
  lathe::run::TrainedParameters parameters(graph);
  lathe::engine::EngineTraining program(graph, registry, at::kCPU, parameters,
                                        lathe::run::Mode::training);
  std::vector<at::Tensor> leaves;
  for (const lathe::Tensor& input : inputs) {
    leaves.push_back(share(input).clone().requires_grad_(true));
  }
  const at::Tensor output = program.forward(leaves, {graph.seed(), 0});
  program.backward(output, share(upstream));

  Gradients out;
  out.output = share(output);
  for (const at::Tensor& leaf : leaves) {
    // Zeros of an input that the result does not depend on.
    const bool any = leaf.grad().defined();
    out.inputs.push_back(share(any ? leaf.grad() : at::zeros_like(leaf)));
  }
  for (const auto& piece : parameters.pieces()) {
    if (piece.gradient == nullptr) continue;
    const auto size = static_cast<std::size_t>(piece.parameter->shape.numel());
    out.parameters.emplace(piece.parameter->qualified_name,
                           lathe::Tensor::of<float>(lathe::DType::float32, piece.parameter->shape,
                                                    std::span<const float>(piece.gradient, size)));
  }
  return out;
}

}  // namespace lathe_test
