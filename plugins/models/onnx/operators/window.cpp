#include "window.hpp"

#include <algorithm>

namespace onnx_reader {

namespace {

std::vector<std::int64_t> positive(const Node& node, const char* attribute, std::size_t dims) {
  std::vector<std::int64_t> all = node.integers(attribute, std::vector<std::int64_t>(dims, 1));
  if (all.size() != dims) {
    throw lathe::invalid_argument(
        lathe::join({"'", attribute, "' = ", text(all), " does not fit"}));
  }
  for (const std::int64_t x : all) {
    if (x < 1 || x > kLargestExtent) {
      throw lathe::invalid_argument(lathe::join({"'", attribute, "' = ", text(all)}));
    }
  }
  return all;
}

}  // namespace

bool Window::has_padding() const {
  const auto is_some = [](std::int64_t x) { return x != 0; };
  return std::any_of(before.begin(), before.end(), is_some) ||
         std::any_of(after.begin(), after.end(), is_some);
}

std::vector<std::int64_t> Window::reach() const {
  std::vector<std::int64_t> out;
  for (std::size_t d = 0; d < kernel.size(); ++d) out.push_back((kernel[d] - 1) * dilation[d] + 1);
  return out;
}

bool Window::is_same() const {
  const std::vector<std::int64_t> all = reach();
  for (std::size_t d = 0; d < kernel.size(); ++d) {
    const std::int64_t total = all[d] - 1;
    if (stride[d] != 1 || before[d] != total / 2 || after[d] != total - total / 2) return false;
  }
  return true;
}

Window window_of(const Node& node, const Extents& x, std::vector<std::int64_t> kernel) {
  const std::size_t dims = kernel.size();
  if (x.size() != dims + 2 || x[0] != kBatch) {
    throw lathe::invalid_argument(lathe::join({"it reads ", text(x), "; a batch of channels with ",
                                               lathe::to_string(static_cast<std::int64_t>(dims)),
                                               " dimensions was expected"}));
  }
  for (const std::int64_t k : kernel) {
    if (k < 1 || k > kLargestExtent) {
      throw lathe::invalid_argument(lathe::join({"its kernel is ", text(kernel)}));
    }
  }
  Window w;
  w.kernel = std::move(kernel);
  w.stride = positive(node, "strides", dims);
  w.dilation = positive(node, "dilations", dims);
  const std::string automatic = node.word("auto_pad", "NOTSET");
  std::vector<std::int64_t> pads(2 * dims, 0);
  if (automatic == "NOTSET") {
    pads = node.integers("pads", pads);
    const bool good = pads.size() == 2 * dims && std::all_of(pads.begin(), pads.end(), [](auto p) {
                        return p >= 0 && p <= kLargestExtent;
                      });
    if (!good) throw lathe::invalid_argument(lathe::join({"'pads' = ", text(pads)}));
  } else if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    const std::vector<std::int64_t> reach = w.reach();
    for (std::size_t d = 0; d < dims; ++d) {
      const std::int64_t in = x[d + 2].number, out = (in + w.stride[d] - 1) / w.stride[d];
      const std::int64_t total = std::max<std::int64_t>(0, (out - 1) * w.stride[d] + reach[d] - in);
      const std::int64_t less = total / 2, more = total - less;
      pads[d] = automatic == "SAME_UPPER" ? less : more;
      pads[dims + d] = automatic == "SAME_UPPER" ? more : less;
    }
  } else if (automatic != "VALID") {
    throw lathe::invalid_argument(lathe::join({"'auto_pad' = '", automatic, "'"}));
  }
  const auto middle = pads.begin() + static_cast<std::ptrdiff_t>(dims);
  w.before.assign(pads.begin(), middle);
  w.after.assign(middle, pads.end());
  return w;
}

Extents slid(const Window& window, const Extents& x, bool ceil) {
  const std::vector<std::int64_t> reach = window.reach();
  Extents out;
  for (std::size_t d = 0; d < window.kernel.size(); ++d) {
    const std::int64_t in = x[d + 2].number, stride = window.stride[d];
    const std::int64_t room = in + window.before[d] + window.after[d] - reach[d];
    if (room < 0) throw lathe::invalid_argument("its window is larger than what it slides over");
    std::int64_t count = (room + (ceil ? stride - 1 : 0)) / stride + 1;
    if (ceil && (count - 1) * stride >= in + window.before[d]) --count;
    out.push_back({count, false});
  }
  return out;
}

lathe::node_id padded(Network& net, Window& window, lathe::node_id x, double fill) {
  std::vector<std::int64_t> margins;  // the last dimension's first
  for (std::size_t d = window.kernel.size(); d-- > 0;) {
    margins.push_back(window.before[d]);
    margins.push_back(window.after[d]);
    window.before[d] = window.after[d] = 0;
  }
  return net.function("pad", {x, lathe::value::list_of(margins), "constant", fill});
}

}  // namespace onnx_reader
