// Residual networks in the form for CIFAR-10 (He et al. 2015, section 4.2): resnet20, resnet56.
// Where a layer doubles its channels, the shortcut has no weights (option A): it takes every second
// row and column and adds channels of zeros on both sides. Names are those of the widely used
// PyTorch checkpoints: conv1, bn1, layer1.0.conv1, ..., linear.
#include "images.hpp"

namespace {

using models::child;
using models::ImageInput;

// x[:, :, ::2, ::2] with out/4 channels of zeros before and after the out/2 there are.
lathe::node_id narrow_shortcut(lathe::model_builder& m, lathe::node_id x, std::int64_t out) {
  const lathe::value all = lathe::slice(), second = lathe::slice({}, {}, 2);
  x = m.getitem(x, {all, all, second, second});
  return m.pad(x, {0, 0, 0, 0, out / 4, out / 4});
}

lathe::node_id block(lathe::model_builder& m, const std::string& name, lathe::node_id x,
                     std::int64_t in, std::int64_t out) {
  const std::int64_t stride = in == out ? 1 : 2;
  auto y = models::convolution(m, child(name, "conv1"), x, in, out, {3, stride});
  y = models::relu(m, m.batch_norm2d(child(name, "bn1"), y, out));
  y = models::convolution(m, child(name, "conv2"), y, out, out, {3});
  y = m.batch_norm2d(child(name, "bn2"), y, out);
  return models::relu(m, m.add(y, stride == 1 ? x : narrow_shortcut(m, x, out)));
}

void build(lathe::model_builder& m, std::int64_t blocks) {
  const ImageInput image = models::image_input(m, models::kCifar10);
  std::int64_t channels = 16, height = image.height, width = image.width;
  auto x = models::convolution(m, "conv1", m.placeholder("x", image.shape()), image.channels,
                               channels, {3});
  x = models::relu(m, m.batch_norm2d("bn1", x, channels));
  for (const std::int64_t layer : {1, 2, 3}) {
    const std::int64_t out = layer == 1 ? channels : 2 * channels;
    for (std::int64_t i = 0; i < blocks; ++i) {
      x = block(m, child(lathe::join({"layer", lathe::to_string(layer)}), i), x, channels, out);
      channels = out;
    }
    if (layer != 1) {  // every second row and column, the first one always
      height = (height + 1) / 2;
      width = (width + 1) / 2;
    }
  }
  x = m.function("avg_pool2d",
                 {x, height == width ? lathe::value(width) : lathe::value::list({height, width})});
  x = m.view(x, {m.size(x, 0), -1});
  m.output(m.linear("linear", x, channels, image.classes));
}

// The number of layers is 6 n + 2 for n blocks in each of three layers.
template <std::int64_t kLayers>
struct ResNet {
  void build(lathe::model_builder& m) { ::build(m, (kLayers - 2) / 6); }
};

}  // namespace

LATHE_MODULE(lathe::model<ResNet<20>>("resnet20", "1.0.0",
                                      "Residual network of 20 layers for CIFAR-10."),
             lathe::model<ResNet<56>>("resnet56", "1.0.0",
                                      "Residual network of 56 layers for CIFAR-10."))
