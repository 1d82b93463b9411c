// Images and signals of another size.
#include "../translations.hpp"
#include "window.hpp"

namespace onnx_writer {

namespace {

// Extents of the result: batch and channels as they are in the input, then those that are given.
std::string wanted_sizes(Layer& layer, const std::string& x) {
  const int type = onnx::TensorProto::INT64;
  const auto rank = static_cast<std::int64_t>(layer.extents().size());
  const Extents all = {{rank, false}}, two = {{2, false}};
  std::vector<std::int64_t> sizes;
  for (std::size_t d = 2; d < layer.extents().size(); ++d)
    sizes.push_back(layer.extents()[d].number);
  const std::string shape = layer.make("Shape", {x}, {}, &all, type);
  const std::string kept = layer.make(
      "Slice", {shape, layer.integers("start", {0}), layer.integers("end", {2})}, {}, &two, type);
  return layer.make("Concat", {kept, layer.integers("sizes", sizes)}, {{"axis", std::int64_t{0}}},
                    &all, type);
}

std::vector<float> wanted_scales(const Layer& layer) {
  std::vector<float> scales(layer.extents().size(), 1);
  const lathe::value_view given = layer.attribute("scale_factor");
  const bool listed = given.kind() == LATHE_VALUE_LIST;
  for (std::size_t d = 2; d < scales.size(); ++d) {
    scales[d] = static_cast<float>((listed ? given[d - 2] : given).real());
  }
  return scales;
}

// PyTorch's rule for where numbers come from, in ONNX's words.
Attributes rule_of(const Layer& layer) {
  const std::string_view mode =
      layer.attribute("mode") ? layer.attribute("mode").text() : "nearest";
  if (mode == "nearest") {
    return {{"coordinate_transformation_mode", "asymmetric"},
            {"mode", "nearest"},
            {"nearest_mode", "floor"}};
  }
  if (mode == "area") throw cannot({"its mode is 'area', which ONNX does not have"});
  const bool aligned = layer.flag("align_corners");
  Attributes out = {{"coordinate_transformation_mode", aligned ? "align_corners" : "half_pixel"},
                    {"mode", mode == "bicubic" ? "cubic" : "linear"}};
  if (mode == "bicubic") out.emplace_back("cubic_coeff_a", -0.75F);
  return out;
}

void interpolate(Layer& layer) {
  const Attributes rule = rule_of(layer);
  const std::string x = layer.input(0);
  if (layer.attribute("scale_factor")) {
    const std::vector<float> scales = wanted_scales(layer);
    const std::string name =
        layer.network().model().reals(lathe::join({layer.node().name(), "_scales"}),
                                      {static_cast<std::int64_t>(scales.size())}, scales);
    return layer.result("Resize", {x, "", name}, rule);
  }
  layer.result("Resize", {x, "", "", wanted_sizes(layer, x)}, rule);
}

}  // namespace

void add_resize(std::vector<Translation>& rows) {
  rows.push_back({"interpolate", interpolate, Naming::by_scope});
}

}  // namespace onnx_writer
