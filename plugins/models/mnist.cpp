// mnist-cnn: three convolutions without padding and two dense layers, the network of the MNIST
// checkpoint that burn's PyTorch reader is tested with (conv1, conv2, conv3, norm1, fc1, fc2,
// norm2).
#include "images.hpp"

namespace {

struct MnistCnn {
  void build(lathe::model_builder& m) {
    const models::ImageInput image = models::image_input(m, models::kMnist);
    const std::int64_t height = image.height - 6, width = image.width - 6;
    if (height < 1 || width < 1) {
      throw lathe::invalid_argument(
          "mnist-cnn takes one pixel from each side three times: images need 7 x 7 pixels or more");
    }
    auto x = m.placeholder("x", image.shape());
    x = models::relu(m, m.conv2d("conv1", x, image.channels, 8, 3));
    x = models::relu(m, m.conv2d("conv2", x, 8, 16, 3));
    x = models::relu(m, m.conv2d("conv3", x, 16, 24, 3));
    x = m.flatten(m.batch_norm2d("norm1", x, 24));
    x = models::relu(m, m.linear("fc1", x, 24 * height * width, 32));
    x = m.linear("fc2", x, 32, image.classes);
    m.output(m.batch_norm1d("norm2", x, image.classes));
  }
};

}  // namespace

LATHE_MODEL(MnistCnn, "mnist-cnn", "1.0.0", "Three convolutions and two dense layers for MNIST.")
