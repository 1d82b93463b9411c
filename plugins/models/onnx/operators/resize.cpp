// Images and signals of another size, by PyTorch's rules.
#include "shapes.hpp"

#include <algorithm>
#include <cmath>

namespace onnx_reader {

namespace {

// Inputs of Resize: before opset 11, and of Upsample, scales are the second.
struct Places {
  std::size_t scales, sizes;
};
Places places_of(const Network& net, const Node& node) {
  if (node.op() == "Upsample" || net.graph().opset < 11) return {1, node.inputs()};
  return {2, 3};
}

std::vector<double> numbers(const Network& net, const Node& node, std::size_t i,
                            std::size_t count) {
  const Value& value = net.input(node, i);
  if (!value.constant || value.constant->count() != static_cast<std::int64_t>(count)) {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       "it has not one scale or size of the file for each dimension");
  }
  std::vector<double> out;
  for (const float x : value.constant->reals()) out.push_back(static_cast<double>(x));
  return out;
}

// Extents behind the channels, and scales where these are what the file says.
struct Target {
  std::vector<std::int64_t> extents;
  std::vector<double> scales;
};

std::vector<double> scales_of(const Network& net, const Node& node, std::size_t at,
                              std::size_t rank) {
  if (node.op() == "Upsample" && node.has("scales")) {
    std::vector<double> out;
    for (const float x : node.find("scales")->floats()) out.push_back(static_cast<double>(x));
    if (out.size() != rank) throw lathe::invalid_argument("it has not a scale for each dimension");
    return out;
  }
  return numbers(net, node, at, rank);
}

Target target_of(const Network& net, const Node& node, const Value& x) {
  const Places places = places_of(net, node);
  Target out;
  if (places.sizes < node.inputs() && node.has_input(places.sizes)) {
    const Extents wanted = integers_of(net.input(node, places.sizes));
    if (wanted.size() != x.rank() || wanted[0] != x.extents[0] || wanted[1] != x.extents[1]) {
      throw lathe::error(LATHE_UNIMPLEMENTED, "it changes the batch or the channels");
    }
    for (std::size_t d = 2; d < wanted.size(); ++d) out.extents.push_back(wanted[d].number);
  } else {
    const std::vector<double> scales = scales_of(net, node, places.scales, x.rank());
    if (scales[0] != 1 || scales[1] != 1) {
      throw lathe::error(LATHE_UNIMPLEMENTED, "it changes the batch or the channels");
    }
    out.scales.assign(scales.begin() + 2, scales.end());
    for (std::size_t d = 2; d < x.rank(); ++d) {
      const double extent = std::floor(static_cast<double>(x.extents[d].number) * scales[d]);
      out.extents.push_back(extent >= 1 && extent < 1e9 ? static_cast<std::int64_t>(extent) : 0);
    }
  }
  for (const std::int64_t extent : out.extents) {
    if (extent < 1 || extent > kLargestExtent) {
      throw lathe::invalid_argument("its scales or sizes leave nothing, or too much");
    }
  }
  return out;
}

bool enlarges_whole_times(const Target& target, const Extents& x) {
  for (std::size_t d = 0; d < target.extents.size(); ++d) {
    if (target.extents[d] % x[d + 2].number != 0) return false;
    if (!target.scales.empty() && target.scales[d] != std::floor(target.scales[d])) return false;
  }
  return true;
}

// PyTorch's mode, and whether corners are aligned.
struct Mode {
  const char* name;
  bool aligned;
};
Mode mode_of(const Network& net, const Node& node, const Target& target, const Extents& x) {
  const std::string mode = node.word("mode", "nearest");
  const bool old = node.op() == "Upsample" || net.graph().opset < 11;
  const std::string place =
      old ? "asymmetric" : node.word("coordinate_transformation_mode", "half_pixel");
  const std::string which = old ? "floor" : node.word("nearest_mode", "round_prefer_floor");
  const auto unknown = [&]() -> lathe::error {
    return {LATHE_UNIMPLEMENTED,
            lathe::join({"mode '", mode, "' with coordinate_transformation_mode '", place, "'",
                         mode == "nearest" ? lathe::join({" and nearest_mode '", which, "'"}) : "",
                         " is no mode of PyTorch"})};
  };
  if (mode == "nearest") {
    const bool floors = place == "asymmetric" && which == "floor";
    // Whole times larger, these pick the same.
    const bool alike = enlarges_whole_times(target, x) && place == "half_pixel" &&
                       which.rfind("round_prefer_", 0) == 0;
    if (!floors && !alike) throw unknown();
    return {"nearest", false};
  }
  const bool one =
      std::find(target.extents.begin(), target.extents.end(), 1) != target.extents.end();
  const bool half = place == "half_pixel" || (place == "pytorch_half_pixel" && !one);
  if (!half && place != "align_corners") throw unknown();
  if (mode == "linear") return {x.size() == 3 ? "linear" : "bilinear", !half};
  const bool is_pytorchs = std::fabs(node.real("cubic_coeff_a", -0.75) + 0.75) < 1e-6;
  if (mode != "cubic" || x.size() != 4 || !is_pytorchs) throw unknown();
  return {"bicubic", !half};
}

void resize(Network& net, const Node& node) {
  const Value& x = net.tensor_input(node, 0);
  if (x.rank() != 3 && x.rank() != 4) {
    throw lathe::error(LATHE_UNIMPLEMENTED, lathe::join({"it reads ", text(x.extents),
                                                         "; signals and images are known"}));
  }
  if (node.integer("exclude_outside", 0) != 0 || node.integer("antialias", 0) != 0 ||
      node.has("axes")) {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       "'exclude_outside', 'antialias' and 'axes' are not known");
  }
  const Target target = target_of(net, node, x);
  const Mode mode = mode_of(net, node, target, x.extents);
  std::vector<lathe::value::entry> attributes = {{"mode", mode.name}};
  if (target.scales.empty()) {
    attributes.push_back({"size", lathe::value::list_of(target.extents)});
  } else {
    std::vector<lathe::value> scales(target.scales.begin(), target.scales.end());
    attributes.push_back({"scale_factor", lathe::value::list(std::move(scales))});
  }
  if (std::string_view(mode.name) != "nearest")
    attributes.push_back({"align_corners", mode.aligned});
  const std::string name = net.names().without_weights(node, "interpolate");
  Value out;
  out.type = x.type;
  out.extents = {x.extents[0], x.extents[1]};
  for (const std::int64_t extent : target.extents) out.extents.push_back({extent, false});
  out.node = name.empty() ? net.function("interpolate", {net.plain(x)}, {}, std::move(attributes))
                          : net.module("interpolate", name, net.plain(x), std::move(attributes));
  net.set(node, std::move(out));
}

}  // namespace

void add_resize(std::vector<Operator>& rows) {
  const std::vector<std::string_view> words = {"mode",
                                               "coordinate_transformation_mode",
                                               "nearest_mode",
                                               "cubic_coeff_a",
                                               "scales",
                                               "extrapolation_value",
                                               "exclude_outside",
                                               "antialias",
                                               "axes"};
  rows.push_back({Domain::onnx, "Resize", 2, 4, Takes::nothing, words, resize});
  rows.push_back({Domain::onnx, "Upsample", 1, 2, Takes::nothing, words, resize});
}

}  // namespace onnx_reader
