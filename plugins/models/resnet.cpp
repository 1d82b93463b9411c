// Residual networks for ImageNet (He et al. 2015): resnet18, resnet50. Shapes and names are
// torchvision's, so that its checkpoints load by name; as there, a bottleneck has its stride in the
// 3x3 convolution.
#include "images.hpp"

namespace {

using models::child;
using models::ImageInput;

constexpr bool kInplace = true;

// One convolution of a block: width as a multiple of the layer's, kernel, whether it has the
// stride.
struct Convolution {
  std::int64_t multiple, kernel;
  bool strided;
};

constexpr Convolution kBasic[] = {{1, 3, true}, {1, 3, false}};
constexpr Convolution kBottleneck[] = {{1, 1, false}, {1, 3, true}, {4, 1, false}};

struct Architecture {
  const Convolution* block;
  std::int64_t convolutions;  // in a block
  std::int64_t blocks[4];     // of each layer
};

class Builder {
 public:
  Builder(lathe::model_builder& m, const Architecture& net) : m_(m), net_(net) {}

  void build() {
    const ImageInput image = models::image_input(m_, models::kImageNet);
    auto x = models::convolution(m_, "conv1", m_.placeholder("x", image.shape(), models::kTensor),
                                 image.channels, channels_, {7, 2});
    x = m_.relu("relu", m_.batch_norm2d("bn1", x, channels_), kInplace);
    x = m_.max_pool2d("maxpool", x, 3, {{"stride", 2}, {"padding", 1}});
    for (std::int64_t layer = 0; layer < 4; ++layer) {
      for (std::int64_t i = 0; i < net_.blocks[layer]; ++i) {
        const std::string name = lathe::join({"layer", lathe::to_string(layer + 1)});
        x = block(child(name, i), x, std::int64_t{64} << layer, layer > 0 && i == 0 ? 2 : 1);
      }
    }
    x = m_.flatten(m_.adaptive_avg_pool2d("avgpool", x, lathe::value::list({1, 1})));
    m_.output(m_.linear("fc", x, channels_, image.classes));
  }

 private:
  lathe::node_id block(const std::string& name, lathe::node_id x, std::int64_t width,
                       std::int64_t stride) {
    auto y = x;
    std::int64_t in = channels_;
    const std::string relu = child(name, "relu");  // one module, called after every step
    for (std::int64_t i = 0; i < net_.convolutions; ++i) {
      const Convolution& c = net_.block[i];
      if (i > 0) y = m_.relu(relu, y, kInplace);
      const std::string number = lathe::to_string(i + 1);
      const std::int64_t out = width * c.multiple;
      y = models::convolution(m_, child(name, lathe::join({"conv", number})), y, in, out,
                              {c.kernel, c.strided ? stride : 1});
      y = m_.batch_norm2d(child(name, lathe::join({"bn", number})), y, out);
      in = out;
    }
    if (stride != 1 || in != channels_) {
      const std::string downsample = child(name, "downsample");
      x = models::convolution(m_, child(downsample, 0), x, channels_, in, {1, stride});
      x = m_.batch_norm2d(child(downsample, 1), x, in);
    }
    channels_ = in;
    return m_.relu(relu, m_.add(y, x), kInplace);
  }

  lathe::model_builder& m_;
  const Architecture& net_;
  std::int64_t channels_ = 64;
};

const Architecture kResNet18{kBasic, 2, {2, 2, 2, 2}};
const Architecture kResNet50{kBottleneck, 3, {3, 4, 6, 3}};

template <const Architecture& kNet>
struct ResNet {
  void build(lathe::model_builder& m) { Builder(m, kNet).build(); }
};

}  // namespace

LATHE_MODULE(lathe::model<ResNet<kResNet18>>("resnet18", "1.0.0",
                                             "Residual network of 18 layers, as in torchvision."),
             lathe::model<ResNet<kResNet50>>("resnet50", "1.0.0",
                                             "Residual network of 50 layers, as in torchvision."))
