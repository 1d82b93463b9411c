// Any graph forwards and backwards, by LibTorch's autograd: as in training, or as in evaluation.
#pragma once

#include "core/engine/plan.hpp"
#include "core/run/backend.hpp"
#include "core/run/training/parameters.hpp"

namespace lathe::engine {

class EngineTraining : public run::TrainingProgram {
 public:
  // `mode`: training or gradients. `watched`: as Backend::training_program has it.
  EngineTraining(const Graph& graph, const Registry& registry, at::Device device,
                 run::TrainedParameters& parameters, run::Mode mode,
                 const std::vector<NodeId>& watched = {});

  Tensor forward(const run::TrainingBatch& batch) override;
  void backward(std::span<const float> gradient) override;
  Tensor result(NodeId node) const override;
  Tensor gradient(NodeId node) const override;
  void values_changed() override;
  void contents_changed() override;
  void bring_buffers() override;

  // The same on any inputs; and from the gradient of the one output.
  at::Tensor forward(std::vector<at::Tensor> inputs, run::RandomPlace place);
  void backward(const at::Tensor& output, const at::Tensor& gradient);

 private:
  // A parameter or buffer as kernels see it: memory of the parameters, or a copy on the device.
  struct Piece {
    run::TrainedParameters::Piece* of = nullptr;
    at::Tensor host, gradient;  // views of memory on the CPU
    at::Tensor leaf;
  };

  Piece piece_of(run::TrainedParameters::Piece& piece) const;
  // One tensor per operand of the plan, quantized if it carries a format: leaves whose gradients
  // add up where the parameters have them.
  std::span<const at::Tensor> operands(run::RandomPlace place);
  std::vector<at::Tensor> gather(const run::TrainingBatch& batch);
  // What autograd keeps the gradients of: the watched results, and the inputs as leaves.
  void watch_results();
  const at::Tensor& result_of(NodeId node) const;  // of a watched node; undefined: no tensor

  at::Device device_;
  bool training_;
  Plan plan_;
  std::vector<Piece> pieces_;
  std::vector<std::size_t> piece_of_operand_;
  std::vector<at::Tensor> operands_;   // of the current step
  std::vector<at::Tensor> quantized_;  // by operand: leaves that hold quantized values
  std::vector<Register> registers_;
  std::vector<NodeId> watched_;
  std::vector<at::Tensor> results_;  // as watched_, of the current batch
  std::vector<at::Tensor> inputs_;   // memory of the batch, on the CPU
  at::Tensor output_, numbers_;      // and the same on the CPU
};

}  // namespace lathe::engine
