// An op that the dialect lacks, torch.nn.RMSNorm, and a network that uses it (Zhang and Sennrich,
// "Root mean square layer normalization", 2019):
//   y = x / sqrt(mean(x^2) + eps) * weight, over the last dimensions.
//   lathe plugin build rms_norm.cpp
//   lathe train example.rms_net jsc-sim --plugin ./rms_norm.so
#include <lathe/lathe.hpp>

#include <cmath>
#include <limits>

namespace {

class RmsNorm {
 public:
  static constexpr lathe_option options[] = {
      lathe::int_list_option("normalized_shape", "Extents of the last dimensions.").within("1.."),
      lathe::float_option("eps", "Added to the mean; NA: the epsilon of float32.")
          .nullable()
          .within("0.."),
      lathe::bool_option("elementwise_affine", "Has a weight for each element.").by_default("true"),
  };
  static constexpr lathe::op_facts facts =
      lathe::op_module("RMSNorm")
          .printed("{normalized_shape}, eps={eps}, elementwise_affine={elementwise_affine}")
          .function("torch.nn.functional.rms_norm", "input|normalized_shape|weight|eps",
                    "data_in|weight")
          .quantizable("data_in|weight")
          .bits(LATHE_BITS_SCALING)
          .channels(LATHE_CHANNELS_LAYER_NORM);
  static constexpr lathe_component_flags flags = LATHE_FLAG_PARALLEL;

  explicit RmsNorm(lathe::options o)
      : normalized_(o.integers("normalized_shape")),
        eps_(o.real_or("eps", std::numeric_limits<float>::epsilon())),
        affine_(o.boolean_or("elementwise_affine", false)) {
    for (const std::int64_t extent : normalized_) row_ *= static_cast<std::uint64_t>(extent);
  }

  lathe::op_result infer(lathe::op_tensors inputs) const {
    const lathe::shape x = inputs[0].shape;
    const std::uint64_t outer = x.size() - normalized_.size();
    bool fits = !normalized_.empty() && normalized_.size() <= x.size();
    for (std::uint64_t i = 0; fits && i < normalized_.size(); ++i) {
      fits = normalized_[i] == x[outer + i];
    }
    if (!fits) throw lathe::invalid_argument("the input does not end with normalized_shape");
    if (const auto weight = inputs.find("weight")) {
      if (weight->shape.to_vector() != normalized_) {
        throw lathe::invalid_argument("the weight's shape is not normalized_shape");
      }
    }
    return {x.to_vector(), outer > 0};
  }

  std::vector<lathe::op_parameter> parameters() const {
    if (!affine_) return {};
    return {{"weight", normalized_, 1.0}};
  }

  // A square, a sum, a product with the inverse root, and one with the weight, for each element.
  lathe::op_cost cost(lathe::op_tensors inputs, lathe::shape result) const {
    const auto n = static_cast<double>(lathe::element_count(result));
    const bool weighted = affine_ || inputs.find("weight").has_value();
    const double each = weighted ? 4 : 3;
    return {0, each * n, affine_ ? static_cast<double>(row_) : 0, n, n};
  }

  void forward(const lathe::op_call& op, lathe::tensor<float> y) const {
    const auto x = op.input(0);
    const auto weight = op.find("weight");
    for (std::uint64_t begin = 0; begin < x.size(); begin += row_) {
      const double r = inverse_root(x, begin);
      for (std::uint64_t i = 0; i < row_; ++i) {
        y[begin + i] = static_cast<float>(x[begin + i] * r * (weight ? (*weight)[i] : 1.0F));
      }
    }
  }

  // With g = weight * dy and r the inverse root: dx = r g - x r^3 mean(g x), dweight = sum dy x r.
  void backward(const lathe::op_call& op, const lathe::op_gradients& gradients) const {
    const auto x = op.input(0), dy = gradients.dy();
    const auto weight = op.find("weight");
    const auto dx = gradients.input(0), d_weight = gradients.find("weight");
    for (std::uint64_t begin = 0; begin < x.size(); begin += row_) {
      const double r = inverse_root(x, begin);
      double mean = 0;
      const auto g = [&](std::uint64_t i) {
        return static_cast<double>(dy[begin + i]) * (weight ? (*weight)[i] : 1.0F);
      };
      for (std::uint64_t i = 0; i < row_; ++i) mean += g(i) * x[begin + i];
      mean /= static_cast<double>(row_);
      for (std::uint64_t i = 0; i < row_; ++i) {
        const double value = x[begin + i];
        if (dx) (*dx)[begin + i] += static_cast<float>(r * g(i) - value * r * r * r * mean);
        if (d_weight) (*d_weight)[i] += static_cast<float>(dy[begin + i] * value * r);
      }
    }
  }

 private:
  double inverse_root(lathe::tensor<const float> x, std::uint64_t begin) const {
    double sum = 0;
    for (std::uint64_t i = 0; i < row_; ++i) {
      sum += static_cast<double>(x[begin + i]) * x[begin + i];
    }
    return 1.0 / std::sqrt(sum / static_cast<double>(row_) + eps_);
  }

  std::vector<std::int64_t> normalized_;
  double eps_;
  bool affine_;
  std::uint64_t row_ = 1;
};

class RmsNet {
 public:
  static constexpr lathe_option options[] = {
      lathe::int_option("width", "Width of the hidden layer.").by_default("32").within("1..4096"),
  };

  explicit RmsNet(lathe::options o) : width_(o.integer("width")) {}

  void build(lathe::model_builder& m) {
    const std::int64_t features = m.features();
    auto x = m.placeholder("x", {features});
    x = m.linear("fc1", x, features, width_);
    x = m.module("example.rms_norm", "norm", {x}, {{"normalized_shape", width_}});
    x = m.relu("act", x);
    m.output(m.linear("fc2", x, width_, m.classes()));
  }

 private:
  std::int64_t width_;
};

}  // namespace

LATHE_MODULE(lathe::op<RmsNorm>("example.rms_norm", "1.0.0",
                                "Root mean square layer normalization."),
             lathe::model<RmsNet>("example.rms_net", "1.0.0",
                                  "Two linear layers with RMSNorm between them."))
