// Small networks for trying things out (docs/mase.md, Models): toy, toy_tiny, toy_convnet.
// Node names, targets and parameters are MASE's.
#include <lathe/lathe.hpp>

namespace {

// What the data set says, or what MASE's own data for the network says where there is none.
struct Input {
  std::vector<std::int64_t> shape;
  std::int64_t classes;
};

Input input_of(const lathe::model_builder& m, std::vector<std::int64_t> shape,
               std::int64_t classes) {
  if (!m.knows_anything()) return {std::move(shape), classes};
  m.features();
  return {m.sample_shape().to_vector(), m.outputs()};
}

std::int64_t features_of(const Input& input) {
  return static_cast<std::int64_t>(lathe::element_count(input.shape));
}

// x.view(x.size(0), -1)
lathe::node_id flat(lathe::model_builder& m, lathe::node_id x) {
  return m.view(x, {m.size(x, 0), -1});
}

struct Toy {
  void build(lathe::model_builder& m) {
    const Input input = input_of(m, {1, 2, 2}, 2);
    auto x = flat(m, m.placeholder("x", input.shape));
    x = m.linear("seq_blocks.0", x, features_of(input), 8);
    x = m.relu("seq_blocks.1", x);
    x = m.linear("seq_blocks.2", x, 8, 8);
    x = m.relu("seq_blocks.3", x);
    m.output(m.linear("seq_blocks.4", x, 8, input.classes));
  }
};

// MASE's has a second layer and a second ReLU that nothing runs; they are left out. So the first
// layer's two outputs are the classes.
struct ToyTiny {
  void build(lathe::model_builder& m) {
    const Input input = input_of(m, {1, 2, 2}, 2);
    if (input.classes != 2) {
      throw lathe::invalid_argument(
          lathe::join({"toy_tiny tells two classes apart, not ", lathe::to_string(input.classes),
                       "; take 'toy' for this data set"}));
    }
    auto x = flat(m, m.placeholder("x", input.shape));
    x = m.linear("l1", x, features_of(input), 2);
    m.output(m.relu("relu_1", x));
  }
};

struct ToyConvnet {
  void build(lathe::model_builder& m) {
    const Input input = input_of(m, {3, 32, 32}, 10);
    if (input.shape.size() != 3) {
      throw lathe::invalid_argument(
          "toy_convnet takes images: samples of channels x height x width");
    }
    const lathe::model_builder::attributes padded = {{"padding", 1}};
    auto x = m.placeholder("x", input.shape);
    x = m.relu("block_1.1", m.conv2d("block_1.0", x, input.shape[0], 8, 3, padded));
    x = m.max_pool2d("maxpool", x, 2, {{"stride", 2}});
    x = m.relu("block_2.1", m.conv2d("block_2.0", x, 8, 16, 3, padded));
    x = m.view(x, {m.size(x, 0), 16, -1});
    x = m.relu("block_3.1", m.conv1d("block_3.0", x, 16, 32, 3, padded));
    x = m.relu("block_4.1", m.conv1d("block_4.0", x, 32, 64, 3, padded));
    x = m.adaptive_avg_pool1d("avgpool", x, 1);
    m.output(m.linear("linear", flat(m, x), 64, input.classes));
  }
};

}  // namespace

LATHE_MODULE(lathe::model<Toy>("toy", "1.0.0", "Three linear layers for four numbers."),
             lathe::model<ToyTiny>("toy_tiny", "1.0.0", "One linear layer for four numbers."),
             lathe::model<ToyConvnet>("toy_convnet", "1.0.0",
                                      "Two- and one-dimensional convolutions for small images."))
