// Evaluation on LibTorch, portion by portion.
#include "core/engine/program.hpp"

#include "core/engine/tensors.hpp"

#include <c10/core/InferenceMode.h>

#include <algorithm>

namespace lathe::engine {

EngineProgram::EngineProgram(const Graph& graph, const Registry& registry,
                             const std::vector<NodeId>& wanted, Weights& weights, at::Device device,
                             run::Activations* activations, const integer::Settings& integers)
    : device_(device),
      weights_(weights),
      found_(graph.slots()),
      plan_(
          graph, registry, wanted,
          [&](NodeId id) {
            if (activations == nullptr) return false;
            found_[index_of(id)] = std::static_pointer_cast<const Portions>(activations->find(id));
            return found_[index_of(id)] != nullptr;
          },
          [&](NodeId id) { return activations != nullptr && activations->keeps(id); }),
      on_integers_(plan_, wanted, weights, integers),
      registers_(plan_.steps().size()) {
  const c10::InferenceMode inference;
  bind(on_integers_.empty());
  on_integers_.take(operands_);
  for (std::size_t i = 0; i < plan_.kept().size(); ++i) {
    kept_.push_back(std::make_shared<Portions>());
  }
}

void EngineProgram::bind(bool all) {
  const std::vector<bool> every(plan_.operands().size(), true);
  weights_.bind(plan_, all ? every : on_integers_.operands_read(), operands_);
}

bool EngineProgram::run_on_integers(const Execution& execution) {
  const bool is_empty = std::ranges::any_of(
      plan_.inputs(), [&](std::uint32_t input) { return registers_[input].tensor.numel() == 0; });
  if (on_integers_.empty() || is_empty) return false;
  try {
    on_integers_.run(execution);
    return true;
  } catch (const integer::NoCode&) {
    fell_back_ = true;
    return false;
  }
}

void EngineProgram::give(const run::Portion& portion) {
  for (std::size_t s = 0; s < plan_.steps().size(); ++s) {
    const Step& step = plan_.steps()[s];
    if (step.kind != Step::Kind::given) continue;
    if (const auto& found = found_[index_of(step.node)]) {
      registers_[s].tensor = (*found)[portion.number];
    }
  }
  for (std::size_t i = 0; i < plan_.inputs().size(); ++i) {
    at::Tensor input = share(portion.inputs[i]);
    if (portion.rows > 0) input = input.narrow(0, portion.first, portion.rows);
    registers_[plan_.inputs()[i]].tensor = input.to(device_);
  }
}

void EngineProgram::run(const run::Portion& portion) {
  const c10::InferenceMode inference;
  // Else what the last run made would be in memory beside what this one makes.
  for (Register& last : registers_) last.let_go();
  give(portion);
  Execution execution{plan_, operands_, registers_};
  execution.rows_per_format_call = portion.batch;
  execution.place = {plan_.graph().seed(), static_cast<std::uint64_t>(portion.first) << 32};
  if (!run_on_integers(execution)) {
    // What is not a number has no code: floats carry it on.
    if (fell_back_) give(portion);
    bind(true);
    execution.operands = operands_;
    execution.run();
  }
  // In the layout they have: another one could take other kernels, and so change the last bits.
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    const at::Tensor& made = registers_[plan_.kept()[i]].tensor;
    kept_[i]->push_back(made.is_non_overlapping_and_dense() ? made : made.contiguous());
  }
}

const at::Tensor& EngineProgram::tensor_of(NodeId node) const {
  static const at::Tensor none;
  const std::uint32_t step = plan_.step_of(node);
  return step == Plan::kNone ? none : registers_[step].tensor;
}

Tensor EngineProgram::result(NodeId node) const {
  const c10::InferenceMode inference;
  const at::Tensor& tensor = tensor_of(node);
  return tensor.defined() ? share(tensor) : Tensor();
}

Tensor EngineProgram::floats(NodeId node) const {
  const c10::InferenceMode inference;
  const at::Tensor& tensor = tensor_of(node);
  return tensor.defined() ? share(tensor.to(at::kCPU, at::kFloat)) : Tensor();
}

void EngineProgram::leave(run::Activations& activations) {
  // What a program makes of it must not depend on which of it was found.
  if (fell_back_) return;
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    std::uint64_t bytes = 0;
    for (const at::Tensor& portion : *kept_[i]) bytes += portion.nbytes() + 128;
    activations.keep(plan_.steps()[plan_.kept()[i]].node, std::move(kept_[i]), bytes);
  }
}

}  // namespace lathe::engine
