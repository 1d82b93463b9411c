// The ops that prune what they read, anew in each call and over the whole batch.
#pragma once

#include "activations.hpp"

#include <optional>

namespace pruning {

// What both have: the gradient passes where a value was kept.
class MaskingOp {
 public:
  MaskingOp(double sparsity, bool by_channel) : sparsity_(sparsity), by_channel_(by_channel) {}

 protected:
  static lathe::op_result like(lathe::op_tensors inputs, bool rows_apart) {
    if (inputs[0].dtype != LATHE_DTYPE_FLOAT32) {
      throw lathe::invalid_argument("it prunes tensors of float32");
    }
    return {inputs[0].shape.to_vector(), rows_apart};
  }
  // One comparison for each element, one product on the way back.
  static lathe::op_cost each_once(lathe::shape result) {
    const auto n = static_cast<double>(lathe::element_count(result));
    return {0, n, 0, n, n};  // no multiply-accumulates
  }
  // Channels lie along the second dimension.
  Channels channels(lathe::shape shape) const {
    return channels_along(shape, shape.size() < 2 ? 0 : 1);
  }
  // Calls see(element, whether it is kept) for what was worked out by element or by channel.
  template <class See>
  void each(const std::vector<float>& keep, lathe::shape shape, const See& see) const {
    const Channels of = channels(shape);
    const std::uint64_t count = lathe::element_count(shape);
    for (std::uint64_t i = 0; i < count; ++i) see(i, keep[by_channel_ ? of.of(i) : i] != 0.0F);
  }
  void forward_masked(const std::vector<float>& keep, lathe::tensor<const float> x,
                      const lathe::tensor<float>& y) const {
    each(keep, x.shape(), [&](std::uint64_t i, bool kept) { y[i] = kept ? x[i] : 0.0F; });
  }
  void backward_masked(const std::vector<float>& keep, lathe::tensor<const float> x,
                       const lathe::op_gradients& gradients) const {
    const auto dx = gradients.input(0);
    if (!dx) return;
    const auto dy = gradients.dy();
    each(keep, x.shape(), [&](std::uint64_t i, bool kept) { (*dx)[i] += kept ? dy[i] : 0.0F; });
  }

  double sparsity_;
  bool by_channel_;
};

constexpr lathe::option sparsity_option() {
  return lathe::float_option("sparsity", "The part of the values that becomes 0.")
      .by_default("0")
      .within("0..1");
}
constexpr lathe::option granularity_option() {
  return lathe::choice_option("granularity", "elementwise|channel",
                              "Whether values are pruned one by one, or channels of the batch.")
      .by_default("elementwise");
}

class PruneLargest : public MaskingOp {
 public:
  static constexpr lathe_option options[] = {
      sparsity_option(),
      granularity_option(),
      lathe::float_option("threshold", "Prunes magnitudes up to this one, whatever the sparsity.")
          .nullable()
          .by_default("NA")
          .within("0.."),
      lathe::bool_option("mase_compat", "Prunes what is not above the quantile, as MASE does.")
          .by_default("false"),
  };
  static constexpr lathe::op_facts facts =
      lathe::op_function(kLargest, "input|sparsity|granularity|threshold|mase_compat")
          .bits(LATHE_BITS_PASSING)
          .channels(LATHE_CHANNELS_SAME);
  static constexpr lathe_component_flags flags = LATHE_FLAG_PARALLEL;

  explicit PruneLargest(lathe::options o)
      : MaskingOp(o.real("sparsity"), o.text("granularity") == "channel"),
        mase_(o.boolean("mase_compat")) {
    if (o.has("threshold")) threshold_ = static_cast<float>(o.real("threshold"));
  }

  lathe::op_result infer(lathe::op_tensors inputs) const {
    return like(inputs, threshold_.has_value());
  }
  lathe::op_cost cost(lathe::op_tensors, lathe::shape result) const { return each_once(result); }
  void forward(const lathe::op_call& op, lathe::tensor<float> y) const {
    forward_masked(keep(op.input(0)), op.input(0), y);
  }
  void backward(const lathe::op_call& op, const lathe::op_gradients& gradients) const {
    backward_masked(keep(op.input(0)), op.input(0), gradients);
  }

 private:
  std::vector<float> keep(lathe::tensor<const float> x) const {
    std::vector<float> scores;
    if (by_channel_) {
      scores = channel_scores(x, channels(x.shape()));
    } else {
      scores.reserve(x.size());
      for (const float value : x) scores.push_back(magnitude(value));
    }
    if (!threshold_) return keep_highest(scores, {sparsity_, mase_});
    for (float& score : scores) score = score > *threshold_ ? 1.0F : 0.0F;
    return scores;
  }

  bool mase_;
  std::optional<float> threshold_;
};

class PruneByChance : public MaskingOp {
 public:
  static constexpr lathe_option options[] = {sparsity_option(), granularity_option()};
  static constexpr lathe::op_facts facts =
      lathe::op_function(kByChance, "input|sparsity|granularity")
          .bits(LATHE_BITS_PASSING)
          .channels(LATHE_CHANNELS_SAME);
  static constexpr lathe_component_flags flags = LATHE_FLAG_PARALLEL | LATHE_FLAG_STOCHASTIC;

  explicit PruneByChance(lathe::options o)
      : MaskingOp(o.real("sparsity"), o.text("granularity") == "channel") {}

  lathe::op_result infer(lathe::op_tensors inputs) const { return like(inputs, false); }
  lathe::op_cost cost(lathe::op_tensors, lathe::shape result) const { return each_once(result); }
  void forward(const lathe::op_call& op, lathe::tensor<float> y) const {
    forward_masked(keep(op), op.input(0), y);
  }
  void backward(const lathe::op_call& op, const lathe::op_gradients& gradients) const {
    backward_masked(keep(op), op.input(0), gradients);
  }

 private:
  std::vector<float> keep(const lathe::op_call& op) const {
    const auto x = op.input(0);
    std::vector<double> drawn(by_channel_ ? channels(x.shape()).count : x.size());
    const lathe::rng rng(op.host());
    rng.uniform(op.seed(), rng.stream(kByChance), op.counter(), {drawn.data(), drawn.size()});
    std::vector<float> keep;
    keep.reserve(drawn.size());
    for (const double u : drawn) keep.push_back(u >= sparsity_ ? 1.0F : 0.0F);
    return keep;
  }
};

}  // namespace pruning
