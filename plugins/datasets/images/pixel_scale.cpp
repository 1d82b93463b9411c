#include "pixel_scale.hpp"

#include <cmath>
#include <string>

namespace datasets {

namespace {

// Statistics that go by a name. `channels` 1 or 3; one channel fits three.
struct pixel_statistics {
  const char* name;
  std::size_t channels;
  double mean[3];
  double deviation[3];
};
constexpr pixel_statistics kPixelStatistics[] = {
    {"none", 1, {0}, {1}},
    // ImageNet's, as torchvision and timm state them; MASE uses them for CIFAR-10 too.
    {"imagenet", 3, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}},
    // Those of the 50,000, 60,000 and 60,000 training images.
    {"cifar10", 3, {0.4914, 0.4822, 0.4465}, {0.2470, 0.2435, 0.2616}},
    {"mnist", 1, {0.1307}, {0.3081}},
    {"fashion_mnist", 1, {0.2860}, {0.3530}},
};

lathe::error refused(const std::string& why) {
  return lathe::invalid_argument(lathe::join({"option 'normalize': ", why})).at_option("normalize");
}

const pixel_statistics& named(std::string_view name) {
  std::string names;
  for (const pixel_statistics& row : kPixelStatistics) {
    if (row.name == name) return row;
    names += lathe::join({names.empty() ? "" : ", ", row.name});
  }
  throw refused(lathe::join(
      {"'", name, "' is none of ", names, ", nor [[mean], [deviation]] with numbers per channel"}));
}

}  // namespace

pixel_scale::pixel_scale(lathe::value_view value, std::size_t channels) {
  std::vector<double> mean, deviation;
  if (value.kind() == LATHE_VALUE_STRING) {
    const pixel_statistics& known = named(value.text());
    if (known.channels != 1 && known.channels != channels) {
      throw refused(lathe::join({"'", known.name, "' has three channels, these images have one"}));
    }
    for (std::size_t c = 0; c < channels; ++c) {
      const std::size_t from = known.channels == 1 ? 0 : c;
      mean.push_back(known.mean[from]);
      deviation.push_back(known.deviation[from]);
    }
  } else if (value.kind() == LATHE_VALUE_LIST && value.size() == 2 && value[0].size() == channels &&
             value[1].size() == channels) {
    mean = value[0].reals();
    deviation = value[1].reals();
  } else {
    throw refused(lathe::join({"it is a name or [[mean], [deviation]] with ",
                               lathe::to_string(static_cast<std::int64_t>(channels)), " number",
                               channels == 1 ? "" : "s", " each"}));
  }
  for (std::size_t c = 0; c < channels; ++c) fill(mean[c], deviation[c]);
}

void pixel_scale::fill(double mean, double deviation) {
  if (!std::isfinite(mean) || !std::isfinite(deviation) || !(deviation > 0)) {
    throw refused("means are finite, deviations finite and above 0");
  }
  std::array<float, 256> table = {};
  for (std::size_t byte = 0; byte < table.size(); ++byte) {
    const float unit = static_cast<float>(byte) / 255.0F;
    table[byte] = (unit - static_cast<float>(mean)) / static_cast<float>(deviation);
  }
  tables_.push_back(table);
  mean_.push_back(255 * mean);
  deviation_.push_back(255 * deviation);
}

}  // namespace datasets
