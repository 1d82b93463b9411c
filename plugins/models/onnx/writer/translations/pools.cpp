// Pools. Those that adapt to a size are windows that fit it, or means of all.
#include "../translations.hpp"
#include "window.hpp"

namespace onnx_writer {

namespace {

std::vector<std::int64_t> places_of(const Extents& extents) {
  std::vector<std::int64_t> out;
  for (std::size_t d = 2; d < extents.size(); ++d) out.push_back(extents[d].number);
  return out;
}

struct Window {
  std::vector<std::int64_t> kernel, stride, padding, dilation;
};

// ONNX lets a last window begin where PyTorch has none any more.
void check_hanging(const Layer& layer, const Window& w) {
  const std::vector<std::int64_t> in = places_of(layer.extents_of_input(0));
  const std::vector<std::int64_t> out = places_of(layer.extents());
  for (std::size_t d = 0; d < in.size(); ++d) {
    const std::int64_t room = in[d] + 2 * w.padding[d] - w.dilation[d] * (w.kernel[d] - 1) - 1;
    if ((room + w.stride[d] - 1) / w.stride[d] + 1 != out[d]) {
      throw cannot({"with ceil_mode ONNX has one window more than PyTorch here"});
    }
  }
}

void pool(Layer& layer, bool is_max) {
  const std::size_t dims = layer.extents().size() - 2;
  const std::vector<std::int64_t> kernel = layer.extents("kernel_size", dims);
  const bool has_stride = static_cast<bool>(layer.attribute("stride"));
  const Window w{kernel, has_stride ? layer.extents("stride", dims) : kernel,
                 layer.extents("padding", dims, 0), layer.extents("dilation", dims, 1)};
  const bool ceil = layer.flag("ceil_mode");
  const bool has_padding = w.padding != std::vector<std::int64_t>(dims, 0);
  // Without padding both mean the same; runtimes count what hangs over the end if it is set.
  const bool counts_padding = has_padding && layer.flag("count_include_pad", true);
  if (ceil) check_hanging(layer, w);
  if (ceil && !is_max && counts_padding) {
    throw cannot({"with ceil_mode and padding that counts ONNX's runtimes divide otherwise"});
  }
  Attributes attributes{{"ceil_mode", std::int64_t{ceil}},
                        {"kernel_shape", w.kernel},
                        {"pads", pads_of(w.padding)},
                        {"strides", w.stride}};
  if (is_max) {
    attributes.emplace_back("dilations", w.dilation);
  } else {
    attributes.emplace_back("count_include_pad", std::int64_t{counts_padding});
  }
  layer.result(is_max ? "MaxPool" : "AveragePool", {layer.input(0)}, attributes);
}
void max_pool(Layer& layer) { pool(layer, true); }
void average_pool(Layer& layer) { pool(layer, false); }

void adaptive_pool(Layer& layer, bool is_max) {
  const std::vector<std::int64_t> in = places_of(layer.extents_of_input(0));
  const std::vector<std::int64_t> out = places_of(layer.extents());
  const std::vector<std::int64_t> ones(out.size(), 1);
  const std::string x = layer.input(0);
  if (out == ones) return layer.result(is_max ? "GlobalMaxPool" : "GlobalAveragePool", {x});
  std::vector<std::int64_t> window;
  for (std::size_t d = 0; d < in.size(); ++d) {
    if (in[d] % out[d] != 0) {
      throw cannot({"it makes ", lathe::to_string(out[d]), " places of ", lathe::to_string(in[d]),
                    ", in windows of several sizes; ONNX has one"});
    }
    window.push_back(in[d] / out[d]);
  }
  layer.result(is_max ? "MaxPool" : "AveragePool", {x},
               {{"kernel_shape", window}, {"strides", window}});
}
void adaptive_max_pool(Layer& layer) { adaptive_pool(layer, true); }
void adaptive_average_pool(Layer& layer) { adaptive_pool(layer, false); }

}  // namespace

void add_pools(std::vector<Translation>& rows) {
  const Naming scope = Naming::by_scope;
  rows.insert(rows.end(), {{"max_pool1d", max_pool, scope},
                           {"max_pool2d", max_pool, scope},
                           {"avg_pool1d", average_pool, scope},
                           {"avg_pool2d", average_pool, scope},
                           {"adaptive_max_pool1d", adaptive_max_pool, scope},
                           {"adaptive_max_pool2d", adaptive_max_pool, scope},
                           {"adaptive_avg_pool1d", adaptive_average_pool, scope},
                           {"adaptive_avg_pool2d", adaptive_average_pool, scope}});
}

}  // namespace onnx_writer
