// Training steps of networks that are one chain of small dense layers (linear, batch_norm1d, relu),
// number formats included, without LibTorch: for them its dispatch costs ten times the arithmetic.
// The same mathematics as the general path, in another order of additions.
#pragma once

#include "core/engine/dense_kernels.hpp"
#include "core/engine/metrics.hpp"
#include "core/engine/parameters.hpp"

#include <memory>

namespace lathe::engine {

class DenseChain {
 public:
  // Null if the plan is anything else: then the general path trains it. `plan` and `parameters`
  // must outlive the chain.
  static std::unique_ptr<DenseChain> make(const Plan& plan, TrainedParameters& parameters);

  // Forwards, loss and backwards on rows `rows` of `samples` (float32, row-major): adds to the
  // gradients (times `scale`) and updates the buffers. With a loss that is not finite it stops
  // before the gradients.
  BatchMetrics step(const float* samples, std::span<const std::uint64_t> rows,
                    const std::int64_t* labels, double scale, RandomPlace place);

 private:
  struct Layer {
    enum class Kind { linear, batch_norm, relu };
    Kind kind = Kind::relu;
    std::size_t in = 0, out = 0;
    const Quantizer* input_format = nullptr;
    const Quantizer* weight_format = nullptr;
    const Quantizer* bias_format = nullptr;
    float* weight = nullptr;  // values, and gradients
    float* bias = nullptr;
    float* dweight = nullptr;
    float* dbias = nullptr;
    float* running_mean = nullptr;
    float* running_variance = nullptr;
    std::int64_t* batches = nullptr;
    double eps = 0, momentum = 0;
    bool cumulative = false;
    std::vector<std::int64_t> weight_shape, bias_shape;
    std::vector<float> quantized_input, quantized_weight, quantized_bias;
    std::vector<float> transposed_weight;
    std::vector<dense::Statistics> statistics;
    std::vector<float> y;
    const float* used_input = nullptr;  // of the current step
    const float* used_weight = nullptr;
  };

  bool add_linear(const Step& step, const Node& node, TrainedParameters& parameters);
  bool add_batch_norm(const Step& step, const Node& node, TrainedParameters& parameters);
  bool add_relu(const Step& step);
  void resize(std::size_t rows);
  void forward(Layer& layer, const float* x, RandomPlace place);
  void track(Layer& layer) const;
  void backward(Layer& layer, const float* x, std::vector<float>& dy, std::vector<float>& dx,
                bool first);
  void quantize(const Quantizer& format, const float* x, std::size_t features, float* y,
                RandomPlace place);

  const dense::Kernels& kernels_ = dense::kernels();
  const Plan* plan_ = nullptr;
  std::size_t features_ = 0;  // of a sample
  std::vector<Layer> layers_;
  dense::Layout at_;
  std::vector<float> input_, gradient_, other_gradient_;
  std::vector<float> row_major_, row_major_quantized_;
};

}  // namespace lathe::engine
