// A graph made ready to run: a flat list of steps, each with its kernel, its operands' places and
// its number formats. Immutable once compiled; safe to run from several threads.
#pragma once

#include "core/engine/kernels/kernels.hpp"
#include "core/run/needed.hpp"
#include "core/run/quantizer.hpp"

namespace lathe::engine {

// The result of a step: a tensor, numbers (of a `size` node), or several tensors (of split).
struct Register {
  at::Tensor tensor;
  std::vector<std::int64_t> numbers;
  Parts parts;

  void let_go() {
    tensor = at::Tensor();
    parts.clear();
  }
};

struct Step {
  enum class Kind { given, constant, value, compute, compute_parts, take_part };
  Kind kind = Kind::compute;
  NodeId node = NodeId::none;
  Kernel kernel;
  PartsKernel parts_kernel;
  std::int64_t part = 0;                      // that it takes of the step it reads
  std::optional<KernelNode> value_node;       // of a value node
  std::vector<std::uint32_t> tensor_inputs;   // steps
  std::vector<std::uint32_t> value_inputs;    // steps whose results are no tensors
  std::vector<run::Quantizer> input_formats;  // as tensor_inputs, or empty
  std::uint32_t first_operand = 0;            // its parameters in Plan::operands
  std::uint32_t operand_count = 0;
  run::Quantizer inner_format;  // of what its products give each other
  run::Quantizer output_format;
  std::uint64_t stream = 0;         // of random numbers, eg: dropout's
  std::vector<std::uint32_t> dead;  // steps nobody reads after this one
};

// A parameter or buffer of a step, as its kernel sees it; nodes may share one.
struct PlanOperand {
  const Parameter* parameter = nullptr;
  run::Quantizer format;
};

class Plan {
 public:
  // Computes what `wanted` needs; `given(id)`: that result will be put into its register. Results
  // of `wanted` stay in their registers, and those that `kept(id)`.
  Plan(const Graph& graph, const Registry& registry, const std::vector<NodeId>& wanted,
       const std::function<bool(NodeId)>& given = {}, const std::function<bool(NodeId)>& kept = {});
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  const Graph& graph() const { return graph_; }
  const std::vector<Step>& steps() const { return steps_; }
  const std::vector<PlanOperand>& operands() const { return operands_; }
  const std::vector<std::uint32_t>& inputs() const { return inputs_; }  // steps of placeholders
  const std::vector<std::uint32_t>& kept() const { return kept_; }      // steps that `kept` named
  std::uint32_t step_of(NodeId node) const { return step_of_[index_of(node)]; }
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // Formats take the state of a network in training, which must outlive the plan.
  void train_on(run::TrainedParameters& parameters);

 private:
  void compile(const Registry& registry, NodeId id, run::Need need);
  void mark_dead(const std::vector<NodeId>& wanted);
  run::Quantizer inner_format_of(const Registry& registry, const KernelNode& seen, NodeId id) const;

  Graph graph_;
  std::vector<Step> steps_;
  std::vector<PlanOperand> operands_;
  std::vector<std::uint32_t> inputs_, kept_, step_of_;
};

// One execution. REQUIRES: registers has one entry per step, those of given steps filled in;
// `operands` one tensor per operand of the plan, quantized already.
struct Execution {
  const Plan& plan;
  std::span<const at::Tensor> operands;
  std::span<Register> registers;
  bool training = false;        // dropout drops, batch statistics count, buffers are updated
  bool differentiates = false;  // formats carry gradients
  std::int64_t rows_per_format_call = 0;  // 0: all
  run::RandomPlace place{};

  void run() const;
  // One step, its formats around it; nothing of a given one.
  void compute(std::size_t step) const;
  at::Tensor formatted(const run::Quantizer& format, const at::Tensor& x) const;
};

// Errors of what is done for a step name its node.
void in_node(const Plan& plan, const Step& step, const std::function<void()>& run);

}  // namespace lathe::engine
