// Convolutional and dense networks of random make, of everything that ties widths together.
#pragma once

#include "tests/plugins/transforms/widths/widening.hpp"

namespace lathe_test {

class RandomNet {
 public:
  explicit RandomNet(std::uint64_t seed) : seed_(seed), net_(seed) {}

  Graph build() {
    if (below(5) == 0) {
      dense();
    } else {
      images();
    }
    const Graph graph = net_.finish(2);
    lathe::verify(graph);
    return trained(graph, seed_);
  }

  std::uint64_t below(std::uint64_t n) {
    double u = 0;
    lathe::uniform(seed_, 3, drawn_++, {&u, 1});
    return static_cast<std::uint64_t>(u * static_cast<double>(n));
  }

 private:
  std::string name(const std::string& what) { return what + std::to_string(++made_); }

  int even(int low, int high) {
    return low + 2 * static_cast<int>(below(static_cast<std::uint64_t>((high - low) / 2 + 1)));
  }

  void dense() {
    int width = 6;
    net_.input({width});
    for (std::uint64_t i = 0, layers = 2 + below(4); i < layers; ++i) {
      const NodeId before = net_.last();
      const int out = below(3) == 0 ? width : even(4, 12);
      net_.linear(name("fc"), width, out);
      if (below(2) == 0) net_.batch_norm(name("bn"), out);
      if (out == width && below(2) == 0) net_.function("add", {{net_.last()}, {before}});
      net_.relu(name("act"), false);
      width = out;
    }
    net_.linear(name("fc"), width, 3);
  }

  void images() {
    channels_ = even(4, 8);
    extent_ = 8;
    net_.input({3, extent_, extent_});
    conv(3, channels_, 3);
    for (std::uint64_t i = 0, blocks = 2 + below(4); i < blocks; ++i) block();
    head();
  }

  NodeId conv(int in, int out, int kernel, int groups = 1, int stride = 1) {
    return net_.module(name("conv"), "conv2d",
                       {{"in_channels", in},
                        {"out_channels", out},
                        {"kernel_size", kernel},
                        {"padding", kernel / 2},
                        {"groups", groups},
                        {"stride", stride},
                        {"bias", below(2) == 0}});
  }
  void norm(int channels) {
    if (below(2) == 0) net_.module(name("bn"), "batch_norm2d", {{"num_features", channels}});
  }
  void act() {
    static const char* const kinds[] = {"relu", "relu6", "hardswish", "tanh", "dropout"};
    net_.module(name("act"), kinds[below(5)]);
  }

  void block() {
    switch (below(9)) {
      case 0:
        return plain();
      case 1:
        return residual();
      case 2:
        return grouped();
      case 3:
        return depthwise();
      case 4:
        return branches();
      case 5:
        return shortcut();
      case 6:
        return gate();
      case 7:
        return upsampling();
      default:
        return pool();
    }
  }

  void plain() {
    const int out = even(4, 12);
    conv(channels_, out, below(2) == 0 ? 1 : 3);
    channels_ = out;
    norm(channels_);
    act();
  }
  void residual() {
    const NodeId x = net_.last();
    const int inside = even(4, 12);
    conv(channels_, inside, 3);
    norm(inside);
    act();
    conv(inside, channels_, 1);
    norm(channels_);
    net_.function("add", {{net_.last()}, {x}});
    act();
  }
  void grouped() {
    const int groups = 2, out = even(4, 12);
    conv(channels_, out, 3, groups);
    channels_ = out;
    norm(channels_);
  }
  void depthwise() {
    const int times = below(3) == 0 ? 2 : 1;
    conv(channels_, channels_ * times, 3, channels_);
    channels_ *= times;
    norm(channels_);
    act();
    if (channels_ > 12) plain();
  }
  // In one group, in two, or channel by channel.
  void upsampling() {
    if (extent_ > 4) return plain();
    const int groups = std::vector<int>{1, 2, channels_}[below(3)];
    const int out = groups == channels_ ? channels_ : even(4, 12);
    net_.module(name("up"), "conv_transpose2d",
                {{"in_channels", channels_},
                 {"out_channels", out},
                 {"kernel_size", 2},
                 {"stride", 2},
                 {"groups", groups},
                 {"bias", below(2) == 0}});
    channels_ = out;
    extent_ *= 2;
    norm(channels_);
    act();
  }
  void branches() {
    const NodeId x = net_.last();
    const int left = even(2, 6), right = even(2, 6);
    const NodeId a = conv(channels_, left, 1);
    net_.module(name("act"), "relu");
    const NodeId active = net_.last();
    net_.edit().set_args(active, {{a}});
    const NodeId b = conv(channels_, right, 3);
    net_.edit().set_args(b, {{x}});
    net_.function("cat", {{std::vector<Argument>{{active}, {b}}}, {Value(1)}});
    channels_ = left + right;
    norm(channels_);
  }
  // A wider, smaller image with zeros beside what goes around (He et al. 2016, option A).
  void shortcut() {
    if (extent_ < 4) return plain();
    const NodeId x = net_.last();
    const int more = even(2, 4);
    conv(channels_, channels_ + 2 * more, 3, 1, 2);
    norm(channels_ + 2 * more);
    const NodeId wide = net_.last();
    const Value all(Value::Map{{"slice", Value(Value::List{{}, {}, {}})}});
    const Value every_other(Value::Map{{"slice", Value(Value::List{{}, {}, Value(2)})}});
    const NodeId small =
        net_.function("getitem", {{x}, {Value(Value::List{all, all, every_other, every_other})}});
    const NodeId padded =
        net_.function("pad", {{small}, {Value(Value::List{0, 0, 0, 0, more, more})}});
    net_.function("add", {{wide}, {padded}});
    channels_ += 2 * more;
    extent_ /= 2;
    act();
  }
  void gate() {
    const NodeId x = net_.last();
    net_.module(name("squeeze"), "adaptive_avg_pool2d", {{"output_size", 1}});
    const int inside = even(2, 4);
    conv(channels_, inside, 1);
    act();
    conv(inside, channels_, 1);
    net_.module(name("gate"), "sigmoid");
    net_.function("mul", {{net_.last()}, {x}});
  }
  void pool() {
    if (extent_ < 4) return plain();
    const bool largest = below(2) == 0;
    net_.module(name("pool"), largest ? "max_pool2d" : "avg_pool2d", {{"kernel_size", 2}});
    extent_ /= 2;
  }

  void head() {
    int features = channels_ * extent_ * extent_;
    switch (below(4)) {
      case 0:
        net_.module(name("flat"), "flatten");
        break;
      case 1:
        net_.method("view", {{net_.last()}, {Value(-1)}, {Value(features)}});
        break;
      case 2: {
        const NodeId x = net_.last();
        const NodeId rows = net_.method("size", {{x}, {Value(0)}});
        net_.method("view", {{x}, {rows}, {Value(features)}});
        break;
      }
      default:
        net_.function("mean", {{net_.last()}, {Value(Value::List{2, 3})}});
        features = channels_;
    }
    net_.linear(name("fc"), features, 8);
    net_.relu(name("act"), false);
    net_.linear(name("fc"), 8, 3);
  }

  std::uint64_t seed_, drawn_ = 0;
  Writer net_;
  int made_ = 0, channels_ = 0, extent_ = 0;
};

}  // namespace lathe_test
