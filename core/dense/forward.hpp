// A chain of dense layers in evaluation mode. What a row gives depends on no other row and on no
// portion, so results are the same however rows are run together.
#pragma once

#include "core/dense/chain.hpp"
#include "core/dense/kernels.hpp"
#include "core/run/cache.hpp"

namespace lathe::dense {

class Forward : public run::Program {
 public:
  // Computes as far as `wanted` needs, from the last result on that `activations` (may be null)
  // has.
  Forward(Chain chain, const std::vector<NodeId>& wanted, run::Cache& cache,
          run::Activations* activations);

  void run(const run::Portion& portion) override;
  Tensor result(NodeId node) const override;
  Tensor floats(NodeId node) const override;
  void leave(run::Activations& activations) override;

 private:
  using Numbers = std::vector<float>;
  // Memory of a run. That of a thread is kept from one program to the next: fresh pages cost more
  // than the arithmetic on them.
  struct Room {
    std::vector<Numbers> layers;
    Numbers input, quantized, row_major, row_major_quantized;
  };
  using Portions = std::vector<Numbers>;  // what the cache holds of one result

  // What is constant of a layer: weight and bias as they are used; scale and shift of a batch norm.
  struct Constants {
    std::shared_ptr<const Numbers> weight, bias;
  };
  struct Kept {
    NodeId node;
    std::size_t layers;
    std::shared_ptr<Portions> portions;
  };

  void bind();
  std::shared_ptr<const Numbers> used(const Parameter* parameter, const run::Quantizer& format);
  Constants normalisation(const Layer& layer);
  const float* first_result(const run::Portion& portion);
  void apply(const Layer& layer, const Constants& constants, const float* x, float* y,
             const run::Portion& portion);
  const float* quantized(const Layer& layer, const float* x, const run::Portion& portion);
  Numbers& result_of(std::size_t layer);
  const Chain::Place* place_of(NodeId node) const;  // null: it is not of the chain
  Shape shape_of(NodeId node) const;                // of the last run
  static Room& room_of_thread();

  const Kernels& kernels_ = kernels();
  Chain chain_;
  run::Cache& cache_;
  std::size_t begin_ = 0, end_ = 0;  // layers that are computed
  std::shared_ptr<const Portions>
      found_;                         // the result of layer begin_ - 1; null: begin at the input
  std::vector<Constants> constants_;  // by layer
  std::vector<Kept> kept_;
  bool all_ = false;                   // every layer's result stays until the next run
  Room own_;                           // then: whoever looks at results may run other programs
  Room& room_;                         // own_, or the thread's
  std::vector<const float*> results_;  // by number of layers; null: not there
  run::Portion portion_;               // of the last run
  Layout at_;
};

}  // namespace lathe::dense
