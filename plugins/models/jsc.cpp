// Jet-tagging networks (docs/mase.md, Models): jsc-tiny, jsc-toy, jsc-s as MASE has them, students'
// own jsc-d and test-hhy, and jsc-custom for others. Node names, targets and parameters are MASE's.
#include <lathe/lathe.hpp>

namespace {

constexpr std::int64_t kJetFeatures = 16, kJetClasses = 5;

struct Sizes {
  std::int64_t features, classes;
};

// The data set's, or the jets' where there is no data set. Samples are vectors.
Sizes sizes_of(const lathe::model_builder& m) {
  if (m.sample_shape().size() > 1) {
    throw lathe::invalid_argument(lathe::join(
        {"this network takes vectors, eg: of 16 features, not samples with ",
         lathe::to_string(static_cast<std::int64_t>(m.sample_shape().size())), " dimensions"}));
  }
  if (!m.knows_anything()) return {kJetFeatures, kJetClasses};
  return {m.features(), m.outputs()};
}

// Layers of a Sequential or a ModuleList: each is named by its place in it.
class Chain {
 public:
  Chain(lathe::model_builder& m, std::string list, bool inplace)
      : m_(m), list_(std::move(list)), inplace_(inplace), sizes_(sizes_of(m)) {
    width_ = sizes_.features;
    x_ = m_.placeholder("x", {width_});
  }

  std::int64_t classes() const { return sizes_.classes; }
  Chain& batch_norm() {
    x_ = m_.batch_norm1d(next(), x_, width_);
    return *this;
  }
  Chain& relu() { return activation("relu"); }
  Chain& activation(const std::string& op) {
    x_ = op == "relu" ? m_.relu(next(), x_, inplace_) : m_.module(op, next(), {x_});
    return *this;
  }
  Chain& linear(std::int64_t out) {
    x_ = m_.linear(next(), x_, width_, out);
    width_ = out;
    return *this;
  }
  void end() { m_.output(x_); }

 private:
  std::string next() { return lathe::join({list_, ".", lathe::to_string(index_++)}); }

  lathe::model_builder& m_;
  std::string list_;
  bool inplace_;
  Sizes sizes_;
  std::int64_t index_ = 0, width_ = 0;
  lathe::node_id x_;
};

// nn.ReLU(16) takes the 16 for inplace=True, and so do most jet networks.
constexpr bool kInplace = true;

struct JscTiny {
  void build(lathe::model_builder& m) {
    Chain net(m, "seq_blocks", kInplace);
    net.batch_norm().relu().linear(net.classes()).relu().end();
  }
};

struct JscToy {
  void build(lathe::model_builder& m) {
    Chain net(m, "seq_blocks", kInplace);
    net.batch_norm().relu();
    net.linear(8).batch_norm().relu();
    net.linear(8).batch_norm().relu();
    net.linear(net.classes()).batch_norm().relu().end();
  }
};

struct JscS {
  void build(lathe::model_builder& m) {
    Chain net(m, "module_list", false);
    net.batch_norm().relu();
    net.linear(64).batch_norm().relu();
    net.linear(32).relu().linear(32).relu().linear(32).relu();
    net.linear(net.classes()).batch_norm().relu().end();
  }
};

struct JscD {
  void build(lathe::model_builder& m) {
    Chain net(m, "seq_blocks", kInplace);
    net.batch_norm().relu().linear(16).relu().linear(16).relu().linear(net.classes()).relu().end();
  }
};

struct TestHhy {
  void build(lathe::model_builder& m) {
    Chain net(m, "seq_blocks", kInplace);
    net.batch_norm().relu();
    for (const std::int64_t width : {std::int64_t{32}, std::int64_t{16}, std::int64_t{8}}) {
      net.linear(width).batch_norm().relu();
    }
    net.linear(net.classes()).batch_norm().relu().end();
  }
};

// [BN], activation, then for each hidden layer and the last one: Linear, [BN], activation.
class JscCustom {
 public:
  static constexpr lathe_option options[] = {
      lathe::int_list_option("hidden", "Widths of the hidden layers, eg: [32, 16, 8].")
          .by_default("[16, 16]")
          .within("1.."),
      lathe::choice_option("batch_norm", "all|input|none", "Where batch normalisation stands.")
          .by_default("all"),
      lathe::choice_option("activation", "relu|relu6|hardtanh|hardswish|hardsigmoid",
                           "What follows each layer.")
          .by_default("relu"),
  };

  explicit JscCustom(lathe::options o)
      : hidden_(o.integers("hidden")),
        batch_norm_(o.text("batch_norm")),
        activation_(o.text("activation")) {}

  void build(lathe::model_builder& m) {
    Chain net(m, "seq_blocks", kInplace);
    if (batch_norm_ != "none") net.batch_norm();
    net.activation(activation_);
    for (const std::int64_t width : hidden_) layer(net, width);
    layer(net, net.classes());
    net.end();
  }

 private:
  void layer(Chain& net, std::int64_t width) const {
    net.linear(width);
    if (batch_norm_ == "all") net.batch_norm();
    net.activation(activation_);
  }

  std::vector<std::int64_t> hidden_;
  std::string batch_norm_, activation_;
};

}  // namespace

LATHE_MODULE(lathe::model<JscTiny>("jsc-tiny", "1.0.0", "Jet tagging with one linear layer."),
             lathe::model<JscToy>("jsc-toy", "1.0.0", "Jet tagging with three narrow layers."),
             lathe::model<JscS>("jsc-s", "1.0.0", "Jet tagging with five layers."),
             lathe::model<JscD>("jsc-d", "1.0.0", "Jet tagging with three linear layers."),
             lathe::model<TestHhy>("test-hhy", "1.0.0",
                                   "Jet tagging with four linear layers: 32, 16, 8."),
             lathe::model<JscCustom>("jsc-custom", "1.0.0",
                                     "Jet tagging with layers of your choice."))
