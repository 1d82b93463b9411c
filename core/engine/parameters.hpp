// The parameters of a network in training: one flat buffer of values and one of gradients, which
// the optimizer sees whole and LibTorch sees in pieces.
#pragma once

#include "core/engine/plan.hpp"

#include <map>

namespace lathe::engine {

class TrainedParameters {
 public:
  // Copies the contents of the plan's parameters and buffers. The plan must outlive this.
  TrainedParameters(const Plan& plan, at::Device device);
  TrainedParameters(const TrainedParameters&) = delete;
  TrainedParameters& operator=(const TrainedParameters&) = delete;

  std::span<float> values() { return values_; }
  std::span<float> gradients() { return gradients_; }

  // Values and gradients of the i-th of plan.unique(), null for a buffer; and the buffer.
  std::pair<float*, float*> trained(std::uint32_t unique);
  at::Tensor& buffer(std::uint32_t unique) { return pieces_[unique].leaf; }

  // One tensor per operand of the plan: leaves whose gradients add up in gradients(), quantized if
  // they carry a format. Valid until the next call or change of values().
  std::span<const at::Tensor> for_training(RandomPlace place);
  // The same for evaluation, without gradients.
  std::vector<at::Tensor> for_evaluation(RandomPlace place) const;

  // On a device other than the CPU: gradients and values travel. Else nothing happens.
  void collect_gradients();
  void publish_values();

  // Copies of everything, by qualified name; and back. REQUIRES for assign: the same names, types
  // and shapes (the caller has checked).
  std::map<std::string, Tensor> contents() const;
  void assign(const std::map<std::string, Tensor>& contents);
  // Copies of the gradients of what is trained.
  std::map<std::string, Tensor> gradient_contents() const;

 private:
  struct Piece {
    const Parameter* parameter;
    std::size_t begin = 0;
    bool trained = false;
    at::Tensor host;      // view of values_, or a buffer of its own
    at::Tensor gradient;  // view of gradients_
    at::Tensor leaf;      // what kernels see
  };

  const Plan& plan_;
  at::Device device_;
  std::vector<float> values_, gradients_;
  std::vector<Piece> pieces_;          // as plan.unique()
  std::vector<at::Tensor> operands_;   // of the current step
  std::vector<at::Tensor> quantized_;  // as operands_: leaves behind straight-through formats
};

}  // namespace lathe::engine
