// A graph made ready to run: a flat list of steps, each with its kernel, its operands' places and
// its number formats. Immutable once compiled; safe to run from several threads.
#pragma once

#include "core/engine/kernels/kernels.hpp"
#include "core/engine/quantizer.hpp"

namespace lathe::engine {

// The result of a step: a tensor, or numbers (of a `size` node).
struct Register {
  at::Tensor tensor;
  std::vector<std::int64_t> numbers;
};

struct Step {
  enum class Kind { given, constant, value, compute };
  Kind kind = Kind::compute;
  NodeId node = NodeId::none;
  Kernel kernel;
  std::optional<KernelNode> value_node;      // of a value node
  std::vector<std::uint32_t> tensor_inputs;  // steps
  std::vector<std::uint32_t> value_inputs;   // steps
  std::vector<Quantizer> input_formats;      // as tensor_inputs, or empty
  std::uint32_t first_operand = 0;           // its parameters in Plan::operands
  std::uint32_t operand_count = 0;
  Quantizer output_format;
  std::uint64_t stream = 0;         // of random numbers, eg: dropout's
  std::vector<std::uint32_t> dead;  // steps nobody reads after this one
};

// A parameter or buffer of a step.
struct PlanOperand {
  const Parameter* parameter = nullptr;
  std::uint32_t unique = 0;  // place in Plan::unique: nodes may share a parameter
  Quantizer format;
};

// What to do with a node when compiling a part of a graph.
enum class Need : std::uint8_t { skip, given, compute };

class Plan {
 public:
  // `need` by node id; empty: compute everything the output reads.
  Plan(const Graph& graph, const Registry& registry, std::vector<Need> need = {});
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  const Graph& graph() const { return graph_; }
  const std::vector<Step>& steps() const { return steps_; }
  const std::vector<PlanOperand>& operands() const { return operands_; }
  const std::vector<const Parameter*>& unique() const { return unique_; }
  const std::vector<std::uint32_t>& inputs() const { return inputs_; }    // steps of placeholders
  const std::vector<std::uint32_t>& outputs() const { return outputs_; }  // steps the output reads
  std::uint32_t step_of(NodeId node) const { return step_of_[index_of(node)]; }
  static constexpr std::uint32_t kNone = UINT32_MAX;

 private:
  void compile(const Registry& registry, NodeId id, Need need);
  void mark_dead();

  Graph graph_;
  std::vector<Step> steps_;
  std::vector<PlanOperand> operands_;
  std::vector<const Parameter*> unique_;
  std::vector<std::uint32_t> inputs_, outputs_, step_of_;
};

// Nodes whose results are needed for those in `wanted`, `stop` aside: what it returns true for is
// given.
std::vector<Need> needed_for(const Graph& graph, const std::vector<NodeId>& wanted,
                             const std::function<bool(NodeId)>& stop = {});

// True if batches may be run together: no op and no layout mixes rows.
bool is_row_wise(const Graph& graph);

// One execution. REQUIRES: registers has one entry per step, those of given steps filled in;
// `operands` one tensor per operand of the plan, quantized already.
struct Execution {
  const Plan& plan;
  std::span<const at::Tensor> operands;
  std::span<Register> registers;
  bool training = false;
  std::int64_t rows_per_format_call = 0;  // 0: all
  RandomPlace place{};
  bool keep = false;  // results of steps nobody reads any more

  void run() const;
};

}  // namespace lathe::engine
