// Small networks for field tests: reuse, groups, dilation, odd paddings, bare batch norms.
#include <lathe/lathe.hpp>

using B = lathe::model_builder;

// The same layer called twice, then a head.
struct Reuse {
  void build(B& m) {
    auto x = m.placeholder("x", {16});
    x = m.relu("act", m.linear("fc", x, 16, 16));
    x = m.relu("act", m.linear("fc", x, 16, 16));
    m.output(m.linear("head", x, 16, m.classes(5)));
  }
};

// Two different layers of the same sizes: the reference for Reuse's costs.
struct NoReuse {
  void build(B& m) {
    auto x = m.placeholder("x", {16});
    x = m.relu("act", m.linear("fc1", x, 16, 16));
    x = m.relu("act", m.linear("fc2", x, 16, 16));
    m.output(m.linear("head", x, 16, m.classes(5)));
  }
};

// grouped, dilated, depthwise, no bias, even kernel with padding "same", asymmetric kernel
struct Convs {
  void build(B& m) {
    auto x = m.placeholder("x", {4, 12, 10});
    x = m.conv2d("g", x, 4, 6, 3, {{"groups", 2}, {"dilation", 2}, {"bias", false}});  // 8x6
    x = m.conv2d("d", x, 6, 12, 3, {{"groups", 6}, {"padding", 1}, {"stride", 2}});    // 4x3
    x = m.conv2d("s", x, 12, 8, lathe::value::list({4, 2}),
                 {{"padding", "same"}, {"bias", false}});                            // 4x3
    x = m.conv2d("v", x, 8, 8, lathe::value::list({1, 3}), {{"padding", "valid"}});  // 4x1
    x = m.flatten(x);
    m.output(m.linear("head", x, 32, m.classes(5)));
  }
};

// thop 212: a one-dimensional convolution with stride and wide padding
struct Conv1 {
  void build(B& m) {
    auto x = m.placeholder("x", {32, 128});
    x = m.conv1d("c", x, 32, 32, 3, {{"padding", 4}, {"stride", 2}});
    x = m.flatten(m.adaptive_avg_pool1d("p", x, 1));
    m.output(m.linear("head", x, 32, m.classes(5)));
  }
};

struct BnOptions {
  static constexpr lathe_option options[] = {
      lathe::bool_option("affine", "weight and bias").by_default("true"),
      lathe::bool_option("track", "running statistics").by_default("true"),
  };
  explicit BnOptions(lathe::options o) : affine_(o.boolean("affine")), track_(o.boolean("track")) {}
  void build(B& m) {
    auto x = m.placeholder("x", {16});
    x = m.batch_norm1d("bn", m.linear("fc", x, 16, 20), 20,
                       {{"affine", affine_}, {"track_running_stats", track_}});
    m.output(m.linear("head", m.relu("act", x), 20, m.classes(5)));
  }
  bool affine_, track_;
};

struct Transposed {
  void build(B& m) {
    auto x = m.placeholder("x", {3, 2, 2});
    x = m.module("conv_transpose2d", "up", {x},
                 {{"in_channels", 3}, {"out_channels", 1}, {"kernel_size", 2}, {"stride", 2}});
    m.output(m.linear("head", m.flatten(x), 16, m.classes(5)));
  }
};

struct Softmax {
  void build(B& m) {
    auto x = m.placeholder("x", {16});
    x = m.linear("head", x, 16, m.classes(5));
    m.output(m.function("softmax", {x}, {{"dim", 1}}));
  }
};

// q k' v without weights: products only
struct Attention {
  void build(B& m) {
    auto x = m.placeholder("x", {16, 8});
    auto k = m.placeholder("k", {8, 16});
    auto s = m.function("matmul", {x, k});
    auto p = m.function("softmax", {s}, {{"dim", 2}});
    m.output(m.function("bmm", {p, x}));
  }
};

// a branch that nothing reads
struct Dead {
  void build(B& m) {
    auto x = m.placeholder("x", {16});
    m.linear("unused", x, 16, 100);
    m.output(m.linear("head", x, 16, m.classes(5)));
  }
};

struct Scalars {
  void build(B& m) {
    auto x = m.placeholder("x", {16});
    x = m.function("mul", {x, 0.5});
    x = m.function("add", {x, 1});
    x = m.function("sub", {x, x});
    m.output(m.linear("head", x, 16, m.classes(5)));
  }
};

LATHE_MODULE(lathe::model<Reuse>("reuse", "1.0.0", "one layer called twice"),
             lathe::model<NoReuse>("noreuse", "1.0.0", "two layers"),
             lathe::model<Convs>("convs", "1.0.0", "odd convolutions"),
             lathe::model<Conv1>("conv1", "1.0.0", "conv1d"),
             lathe::model<BnOptions>("bnoptions", "1.0.0", "batch norm options"),
             lathe::model<Transposed>("transposed", "1.0.0", "conv_transpose2d"),
             lathe::model<Softmax>("softmaxnet", "1.0.0", "softmax at the end"),
             lathe::model<Attention>("attention", "1.0.0", "products"),
             lathe::model<Dead>("dead", "1.0.0", "a branch nothing reads"),
             lathe::model<Scalars>("scalars", "1.0.0", "arithmetic with numbers"))
