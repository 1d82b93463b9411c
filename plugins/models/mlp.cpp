// Plain dense networks: mlp for samples of any shape, and jets-3layer, the jet tagger of hls4ml's
// examples, whose parameters are named as in a torch.nn.Sequential of its own (0.weight, 2.weight).
#include <lathe/lathe.hpp>

namespace {

// Layers of a Sequential, named by their place in it.
class Chain {
 public:
  Chain(lathe::model_builder& m, std::string prefix, lathe::node_id x, std::int64_t width)
      : m_(m), prefix_(std::move(prefix)), x_(x), width_(width) {}

  Chain& linear(std::int64_t out) {
    x_ = m_.linear(next(), x_, width_, out);
    width_ = out;
    return *this;
  }
  Chain& batch_norm() {
    x_ = m_.batch_norm1d(next(), x_, width_);
    return *this;
  }
  Chain& activation(const std::string& op) {
    x_ = m_.module(op, next(), {x_});
    return *this;
  }
  Chain& dropout(double p) {
    x_ = m_.dropout(next(), x_, p);
    return *this;
  }
  void end() { m_.output(x_); }

 private:
  std::string next() { return lathe::join({prefix_, lathe::to_string(index_++)}); }

  lathe::model_builder& m_;
  std::string prefix_;
  lathe::node_id x_;
  std::int64_t width_, index_ = 0;
};

class Mlp {
 public:
  static constexpr lathe_option options[] = {
      lathe::int_list_option("hidden", "Widths of the hidden layers, eg: [64, 32]; may be empty.")
          .by_default("[128]")
          .within("1.."),
      lathe::choice_option("activation",
                           "relu|relu6|leaky_relu|hardtanh|hardswish|hardsigmoid|tanh|sigmoid|gelu|"
                           "silu|selu|softplus|softsign",
                           "What follows each hidden layer.")
          .by_default("relu"),
      lathe::bool_option("batch_norm", "Normalise before each activation.").by_default("false"),
      lathe::float_option("dropout", "Share of values dropped after each hidden layer.")
          .by_default("0")
          .within("0..<1"),
  };

  explicit Mlp(lathe::options o)
      : hidden_(o.integers("hidden")),
        activation_(o.text("activation")),
        batch_norm_(o.boolean("batch_norm")),
        dropout_(o.real("dropout")) {}

  void build(lathe::model_builder& m) {
    const std::int64_t features = m.features();
    const auto sample = m.sample_shape().to_vector();
    auto x = m.placeholder("x", sample);
    if (sample.size() != 1) x = m.flatten(x);
    Chain net(m, "layers.", x, features);
    for (const std::int64_t width : hidden_) {
      net.linear(width);
      if (batch_norm_) net.batch_norm();
      net.activation(activation_);
      if (dropout_ > 0) net.dropout(dropout_);
    }
    net.linear(m.outputs()).end();
  }

 private:
  std::vector<std::int64_t> hidden_;
  std::string activation_;
  bool batch_norm_;
  double dropout_;
};

struct Jets3Layer {
  void build(lathe::model_builder& m) {
    if (m.sample_shape().size() > 1) {
      throw lathe::invalid_argument(
          "jets-3layer takes vectors, eg: of 16 features; 'mlp' takes samples of any shape");
    }
    const bool known = m.knows_anything();
    const std::int64_t features = known ? m.features() : 16;
    Chain net(m, "", m.placeholder("x", {features}), features);
    for (const std::int64_t width : {64, 32, 32}) net.linear(width).activation("relu");
    net.linear(known ? m.outputs() : 5).end();
  }
};

}  // namespace

LATHE_MODULE(lathe::model<Mlp>("mlp", "1.0.0", "Dense layers of your choice, for any samples."),
             lathe::model<Jets3Layer>("jets-3layer", "1.0.0",
                                      "Jet tagging with three hidden layers: 64, 32, 32."))
