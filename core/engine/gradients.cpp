// One training step's gradients.
#include "core/engine/gradients.hpp"

#include "core/engine/parameters.hpp"

namespace lathe::engine {

Gradients gradients(const Registry& registry, const Graph& graph, const std::vector<Tensor>& inputs,
                    const Tensor& upstream) {
  const Plan plan(graph, registry);
  TrainedParameters parameters(plan, at::kCPU);
  std::vector<Register> registers(plan.steps().size());
  std::vector<at::Tensor> leaves;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    leaves.push_back(share(inputs[i]).clone().requires_grad_(true));
    registers[plan.inputs()[i]].tensor = leaves.back();
  }
  const RandomPlace place{graph.seed(), 0};
  Execution execution{plan, parameters.for_training(place), registers};
  execution.training = true;
  execution.place = place;
  execution.run();
  const at::Tensor output = registers[plan.outputs()[0]].tensor;
  output.backward(share(upstream));

  Gradients out;
  out.output = share(output);
  for (const at::Tensor& leaf : leaves) out.inputs.push_back(share(leaf.grad()));
  out.parameters = parameters.gradient_contents();
  return out;
}

}  // namespace lathe::engine
