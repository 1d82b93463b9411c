// Training steps of a chain of dense layers: the same mathematics as autograd's, in another order
// of additions.
#pragma once

#include "core/dense/chain.hpp"
#include "core/dense/kernels.hpp"

namespace lathe::dense {

class Training : public run::TrainingProgram {
 public:
  // `parameters` must outlive it.
  Training(Chain chain, run::TrainedParameters& parameters);

  Tensor forward(const run::TrainingBatch& batch) override;
  void backward(std::span<const float> gradient) override;

 private:
  // What a format makes of a parameter, and where it has a gradient of its own the one that comes
  // to it.
  struct Quantized {
    std::vector<float> values, gradient;
  };
  // A layer with where its values and gradients are, and with what a step leaves of it.
  struct Trained {
    const Layer* layer = nullptr;
    float* weight = nullptr;
    float* bias = nullptr;
    float* dweight = nullptr;
    float* dbias = nullptr;
    float* running_mean = nullptr;
    float* running_variance = nullptr;
    std::int64_t* batches = nullptr;
    std::vector<float> quantized_input;
    Quantized quantized_weight, quantized_bias;
    std::vector<float> transposed_weight;
    std::vector<Statistics> statistics;
    std::vector<float> y;
    const float* used_input = nullptr;  // of the current step
    const float* used_weight = nullptr;
    const float* used_bias = nullptr;
  };

  static Trained place(const Layer& layer, run::TrainedParameters& parameters);
  void resize(std::size_t rows);
  void forward(Trained& trained, const float* x);
  void track(Trained& trained) const;
  void backward(Trained& trained, const float* x, bool first);
  void quantize_input(Trained& trained, const float* x);
  const float* used(const run::Quantizer& format, const Parameter* parameter, const float* value,
                    Quantized& quantized) const;
  void layer_gradients(Trained& trained, bool first, float* dweight, float* dbias);
  void input_gradient(const Trained& trained, const float* x);

  const Kernels& kernels_ = kernels();
  Chain chain_;
  std::vector<Trained> layers_;
  Layout at_;
  std::vector<float> input_, gradient_, other_gradient_;
  std::vector<float> row_major_, row_major_quantized_, row_major_gradient_;
  run::RandomPlace place_;  // of the current step
};

}  // namespace lathe::dense
