// What networks for images share: the size of their input, from the data set or as published.
#pragma once

#include <lathe/lathe.hpp>

namespace models {

struct ImageInput {
  std::int64_t channels, height, width, classes;

  std::vector<std::int64_t> shape() const { return {channels, height, width}; }
};

// The data set's where there is one, else `published`.
inline ImageInput image_input(const lathe::model_builder& m, const ImageInput& published) {
  if (!m.knows_anything()) return published;
  m.features();  // says so if the data set hides its shape
  const lathe::shape sample = m.sample_shape();
  if (sample.size() != 3) {
    throw lathe::invalid_argument(lathe::join(
        {"this network takes images: samples of channels x height x width, not samples with ",
         lathe::to_string(static_cast<std::int64_t>(sample.size())),
         sample.size() == 1 ? " dimension" : " dimensions"}));
  }
  return {sample[0], sample[1], sample[2], m.outputs()};
}

constexpr const char* kTensor = "torch.Tensor";  // an annotated argument, as torch.fx prints it

constexpr ImageInput kCifar10 = {3, 32, 32, 10};
constexpr ImageInput kMnist = {1, 28, 28, 10};
constexpr ImageInput kImageNet = {3, 224, 224, 1000};

inline std::string child(const std::string& parent, std::int64_t index) {
  return lathe::join({parent, ".", lathe::to_string(index)});
}
inline std::string child(const std::string& parent, std::string_view name) {
  return lathe::join({parent, ".", name});
}

// torch.nn.functional.relu, as torch.fx records it.
inline lathe::node_id relu(lathe::model_builder& m, lathe::node_id x) {
  return m.function("relu", {x}, {{"inplace", false}});
}

// A convolution of odd size that keeps the size of the image, or divides it by its stride.
struct Window {
  std::int64_t kernel = 3, stride = 1, groups = 1;
  bool bias = false;
};
inline lathe::node_id convolution(lathe::model_builder& m, const std::string& target,
                                  lathe::node_id x, std::int64_t in, std::int64_t out,
                                  const Window& window) {
  return m.conv2d(target, x, in, out, window.kernel,
                  {{"stride", window.stride},
                   {"padding", window.kernel / 2},
                   {"groups", window.groups},
                   {"bias", window.bias}});
}

}  // namespace models
