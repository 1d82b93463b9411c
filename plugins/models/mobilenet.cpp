// mobilenet_v2 (Sandler et al. 2018): blocks that widen by 1x1, filter each channel by itself and
// narrow again, with a shortcut between the narrow ends. Shapes and names are torchvision's.
#include "images.hpp"

namespace {

using models::child;
using models::ImageInput;

// Table 2 of the paper.
struct Stage {
  std::int64_t expansion, channels, blocks, stride;
};
constexpr Stage kStages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                             {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
constexpr std::int64_t kFirst = 32, kLast = 1280;

// Convolution, batch normalisation and ReLU6: one Sequential, numbered 0, 1, 2.
lathe::node_id layer(lathe::model_builder& m, const std::string& name, lathe::node_id x,
                     std::int64_t in, std::int64_t out, const models::Window& window) {
  x = models::convolution(m, child(name, 0), x, in, out, window);
  x = m.batch_norm2d(child(name, 1), x, out);
  return m.module("relu6", child(name, 2), {x}, {{"inplace", true}});
}

lathe::node_id inverted_residual(lathe::model_builder& m, const std::string& name, lathe::node_id x,
                                 std::int64_t in, std::int64_t out, std::int64_t expansion,
                                 std::int64_t stride) {
  const std::string list = child(name, "conv");
  const std::int64_t wide = in * expansion;
  std::int64_t index = 0;
  auto y = x;
  if (expansion != 1) y = layer(m, child(list, index++), y, in, wide, {1});
  y = layer(m, child(list, index++), y, wide, wide, {3, stride, wide});
  y = models::convolution(m, child(list, index++), y, wide, out, {1});
  y = m.batch_norm2d(child(list, index), y, out);
  return stride == 1 && in == out ? m.add(x, y) : y;
}

struct MobileNetV2 {
  void build(lathe::model_builder& m) {
    const ImageInput image = models::image_input(m, models::kImageNet);
    std::int64_t index = 0, channels = kFirst;
    auto next = [&] { return child("features", index++); };
    auto x = layer(m, next(), m.placeholder("x", image.shape(), models::kTensor), image.channels,
                   kFirst, {3, 2});
    for (const Stage& stage : kStages) {
      for (std::int64_t i = 0; i < stage.blocks; ++i) {
        x = inverted_residual(m, next(), x, channels, stage.channels, stage.expansion,
                              i == 0 ? stage.stride : 1);
        channels = stage.channels;
      }
    }
    x = layer(m, next(), x, channels, kLast, {1});
    x = m.flatten(m.function("adaptive_avg_pool2d", {x, lathe::value::list({1, 1})}));
    x = m.dropout("classifier.0", x, 0.2);
    m.output(m.linear("classifier.1", x, kLast, image.classes));
  }
};

}  // namespace

LATHE_MODEL(MobileNetV2, "mobilenet_v2", "1.0.0", "MobileNetV2, as in torchvision.")
