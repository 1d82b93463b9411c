// Draws small networks.
#include "tests/engine/integer/network_writer.hpp"
#include "tests/engine/integer/random_formats.hpp"

namespace lathe_test {

namespace {

struct Image {
  NodeId node = NodeId::none;
  int channels = 0, height = 0, width = 0;
  bool as_large_as(const Image& other) const {
    return channels == other.channels && height == other.height && width == other.width;
  }
};

class RandomNetwork {
 public:
  RandomNetwork(std::uint64_t seed, bool any)
      : any_(any),
        draw_(seed),
        x_{NodeId::none, number(2, 6), number(5, 14), number(5, 14)},
        writer_(fmt::format("random network {}", seed), {x_.channels, x_.height, x_.width}, any) {
    x_.node = writer_.x();
    images_.push_back(x_);
  }

  SmallNetwork make() {
    convolution(x_);
    for (int nodes = number(5, 14); nodes > 0; --nodes) add_node();
    SmallNetwork out = writer_.finish(images_.back().node);
    out.rows_apart = rows_apart_;
    return out;
  }

 private:
  int number(int low, int high) { return static_cast<int>(draw_.whole(low, high)); }
  const Image& any_image() {
    return draw_.chance(65) ? images_.back()
                            : images_[static_cast<std::size_t>(
                                  draw_.whole(0, static_cast<int>(images_.size()) - 1))];
  }
  void made(NodeId node, int channels, int height, int width) {
    images_.push_back({node, channels, height, width});
  }

  void add_node() {
    const Image from = any_image();
    switch (draw_.whole(0, 9)) {
      case 0:
      case 1:
      case 2:
        return convolution(from);
      case 3:
        return alike(from, writer_.norm(from.node, from.channels));
      case 4:
      case 5:
        return alike(from, writer_.relu(from.node));
      case 6:
        return alike(from, writer_.module(draw_.one_of<std::string>({"relu6", "hardtanh", "dropout",
                                                                     "dropout2d", "identity"}),
                                          from.node));
      case 7:
        return pool(from);
      default:
        return sum(from);
    }
  }

  // A node that keeps the extents, perhaps with formats.
  void alike(const Image& from, NodeId node) {
    maybe_formats(node);
    made(node, from.channels, from.height, from.width);
  }
  void sum(const Image& from) {
    std::vector<Image> fit;
    for (const Image& image : images_) {
      if (image.as_large_as(from)) fit.push_back(image);
    }
    alike(from, writer_.add(from.node, draw_.one_of(fit).node));
  }
  void pool(const Image& from) {
    const int size = number(2, 3);
    if (from.height < size || from.width < size) return;
    const int stride = draw_.chance(70) ? size : 1;
    const auto extent = [&](int in) { return (in - size) / stride + 1; };
    const NodeId node = writer_.module(draw_.chance(75) ? "max_pool2d" : "avg_pool2d", from.node,
                                       {{"kernel_size", size}, {"stride", stride}});
    maybe_formats(node);
    made(node, from.channels, extent(from.height), extent(from.width));
  }
  void convolution(const Image& from) {
    const bool depthwise = draw_.chance(20);
    const int outputs = depthwise ? from.channels : number(1, 10);
    const int kernel = draw_.one_of<int>({1, 3, 3, 5}), stride = draw_.chance(80) ? 1 : 2;
    const NodeId node = writer_.conv(from.node, from.channels, outputs, kernel, stride,
                                     depthwise ? from.channels : 1);
    if (draw_.chance(97)) set_format(node, "data_in", data_format());
    if (draw_.chance(97)) set_format(node, "weight", weight_format(outputs));
    if (draw_.chance(15)) set_format(node, "data_out", element_format());
    made(node, outputs, (from.height - 1) / stride + 1, (from.width - 1) / stride + 1);
  }

  void maybe_formats(NodeId node) {
    if (!writer_.takes_formats(node)) return;
    if (draw_.chance(20)) set_format(node, "data_in", element_format());
    if (draw_.chance(10)) set_format(node, "data_out", element_format());
  }
  void set_format(NodeId node, const std::string& role, const RandomFormat& format) {
    if (format.looks_at_others && role != "weight") rows_apart_ = false;
    writer_.format(node, role, format.id, format.options);
  }

  RandomFormat data_format() {
    for (;;) {
      const RandomFormat out = random_format(draw_, Place::channels, 1);
      if (!any_ && (out.low < 0 || out.high > 127)) continue;
      if (out.may_not_fit && draw_.chance(90)) continue;
      if (is_useful(out, -6, 0)) return out;
    }
  }
  RandomFormat weight_format(int filters) {
    for (;;) {
      const RandomFormat out = random_format(draw_, Place::filters, filters);
      // A scale for each row of a filter.
      if (out.id == "scale_integer" && draw_.chance(90)) continue;
      if (is_useful(out, -9, -3)) return out;
    }
  }
  // For what is no layer.
  RandomFormat element_format() {
    for (;;) {
      const RandomFormat out = random_format(draw_, Place::channels, 1);
      if (!out.may_not_fit && is_useful(out, -6, 0)) return out;
    }
  }
  // Whether numbers around 1, or weights, do not all become one.
  static bool is_useful(const RandomFormat& format, int low, int high) {
    const bool is_sign = format.id == "binary" || format.id == "ternary";
    return is_sign || format.looks_at_others ||
           (format.scale >= std::ldexp(1.0, low) && format.scale <= std::ldexp(1.0, high));
  }

  bool any_, rows_apart_ = true;
  Draw draw_;
  Image x_;
  NetworkWriter writer_;
  std::vector<Image> images_;
};

}  // namespace

SmallNetwork random_network(std::uint64_t seed, bool any) {
  return RandomNetwork(seed, any).make();
}

}  // namespace lathe_test
