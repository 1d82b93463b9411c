// VGG networks (Simonyan, Zisserman 2014): vgg7 as MASE has it (docs/mase.md, Models), vgg16 as
// torchvision does. Node names, targets and parameters are theirs, so that checkpoints load by
// name.
#include "images.hpp"

namespace {

using models::child;
using models::ImageInput;

constexpr std::int64_t kPool = 0;  // in a list of widths: halve the image
constexpr bool kInplace = true;

struct Features {
  lathe::node_id x;
  std::int64_t count;  // of one sample, flattened
};

// Convolutions of 3x3 with ReLU, with or without batch normalisation between them.
template <std::size_t kCount>
Features features(lathe::model_builder& m, const std::string& list, lathe::node_id x,
                  ImageInput image, const std::int64_t (&widths)[kCount], bool batch_norm) {
  std::int64_t index = 0;
  auto next = [&] { return child(list, index++); };
  for (const std::int64_t width : widths) {
    if (width == kPool) {
      x = m.max_pool2d(next(), x, 2, {{"stride", 2}});
      image.height /= 2;
      image.width /= 2;
      continue;
    }
    x = models::convolution(m, next(), x, image.channels, width, {3, 1, 1, true});
    if (batch_norm) x = m.batch_norm2d(next(), x, width, {{"momentum", 0.9}});
    x = m.relu(next(), x, kInplace);
    image.channels = width;
  }
  return {x, image.channels * image.height * image.width};
}

struct Vgg7 {
  void build(lathe::model_builder& m) {
    const ImageInput image = models::image_input(m, models::kCifar10);
    if (image.height < 8 || image.width < 8) {
      throw lathe::invalid_argument(
          "vgg7 halves images three times: they need 8 x 8 pixels or more");
    }
    constexpr std::int64_t kWidths[] = {128, 128, kPool, 256, 256, kPool, 512, 512, kPool};
    const auto input = m.placeholder("x", image.shape(), models::kTensor);
    const Features found = features(m, "feature_layers", input, image, kWidths, true);
    auto x = m.view(found.x, {-1, found.count});
    x = m.relu("classifier.1", m.linear("classifier.0", x, found.count, 1024), kInplace);
    x = m.relu("classifier.3", m.linear("classifier.2", x, 1024, 1024), kInplace);
    m.output(m.linear("last_layer", x, 1024, image.classes));
  }
};

struct Vgg16 {
  void build(lathe::model_builder& m) {
    const ImageInput image = models::image_input(m, models::kImageNet);
    if (image.height < 32 || image.width < 32) {
      throw lathe::invalid_argument(
          "vgg16 halves images five times: they need 32 x 32 pixels or more");
    }
    constexpr std::int64_t kWidths[] = {64,    64,  kPool, 128, 128,   kPool, 256, 256, 256,
                                        kPool, 512, 512,   512, kPool, 512,   512, 512, kPool};
    auto x = features(m, "features", m.placeholder("x", image.shape(), models::kTensor), image,
                      kWidths, false)
                 .x;
    x = m.flatten(m.adaptive_avg_pool2d("avgpool", x, lathe::value::list({7, 7})));
    x = m.relu("classifier.1", m.linear("classifier.0", x, 512 * 7 * 7, 4096), kInplace);
    x = m.dropout("classifier.2", x);
    x = m.relu("classifier.4", m.linear("classifier.3", x, 4096, 4096), kInplace);
    x = m.dropout("classifier.5", x);
    m.output(m.linear("classifier.6", x, 4096, image.classes));
  }
};

}  // namespace

LATHE_MODULE(lathe::model<Vgg7>("vgg7", "1.0.0",
                                "Six convolutions with batch normalisation for CIFAR-10."),
             lathe::model<Vgg16>("vgg16", "1.0.0", "VGG with 16 layers, as in torchvision."))
