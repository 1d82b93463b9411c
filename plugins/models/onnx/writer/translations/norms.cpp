// Normalisations.
#include "../translations.hpp"
#include "window.hpp"

namespace onnx_writer {

namespace {

void batch_norm(Layer& layer) {
  if (!layer.node().find_operand("running_mean")) {
    throw cannot({"it takes the statistics of its batch; ONNX's takes those that were tracked"});
  }
  const std::vector<std::int64_t> dims =
      layer.node().find_operand("running_mean")->shape().to_vector();
  const auto vector = [&](std::string_view role, float otherwise) {
    if (layer.has(role)) return layer.parameter(role);
    const std::vector<float> numbers(static_cast<std::size_t>(dims.at(0)), otherwise);
    return layer.network().model().reals(lathe::join({layer.node().target(), ".", role}), dims,
                                         numbers);
  };
  const lathe::value_view momentum = layer.attribute("momentum");
  layer.result("BatchNormalization",
               {layer.input(0), vector("weight", 1), vector("bias", 0),
                layer.parameter("running_mean"), layer.parameter("running_var")},
               {{"epsilon", layer.real("eps", 1e-5)},
                {"momentum", momentum ? static_cast<float>(1 - momentum.real()) : 0.9F}});
}

// d = x - mean(x); d / sqrt(mean(d^2) + eps) * weight + bias, as PyTorch's export has it.
void written_out_layer_norm(Layer& layer, std::int64_t dims) {
  std::vector<std::int64_t> axes;
  for (std::int64_t d = -dims; d < 0; ++d) axes.push_back(d);
  Extents mean_extents = layer.extents();
  for (std::int64_t d = 0; d < dims; ++d) {
    mean_extents[mean_extents.size() - 1 - static_cast<std::size_t>(d)] = {1, false};
  }
  const Attributes over{{"axes", axes}, {"keepdims", std::int64_t{1}}};
  const std::string x = layer.input(0);
  const std::string mean = layer.make("ReduceMean", {x}, over, &mean_extents);
  const std::string centred = layer.make("Sub", {x, mean});
  const std::string square = layer.make("Pow", {centred, layer.number("two", 2)});
  const std::string variance = layer.make("ReduceMean", {square}, over, &mean_extents);
  const std::string sum = layer.make(
      "Add", {variance, layer.number("eps", layer.real("eps", 1e-5))}, {}, &mean_extents);
  const std::string root = layer.make("Sqrt", {sum}, {}, &mean_extents);
  if (!layer.has("weight")) return layer.result("Div", {centred, root});
  const std::string normal = layer.make("Div", {centred, root});
  if (!layer.has("bias")) return layer.result("Mul", {normal, layer.parameter("weight")});
  const std::string scaled = layer.make("Mul", {normal, layer.parameter("weight")});
  layer.result("Add", {scaled, layer.parameter("bias")});
}

void layer_norm(Layer& layer) {
  constexpr std::int64_t kOpset = 17;  // has it as one operator, with a scale
  const auto dims = static_cast<std::int64_t>(layer.extents("normalized_shape", 1).size());
  if (layer.opset() < kOpset || !layer.has("weight")) return written_out_layer_norm(layer, dims);
  std::vector<std::string> inputs = {layer.input(0), layer.parameter("weight")};
  if (layer.has("bias")) inputs.push_back(layer.parameter("bias"));
  layer.result("LayerNormalization", inputs,
               {{"axis", -dims}, {"epsilon", layer.real("eps", 1e-5)}});
}

// Each group as one channel of an instance norm, then scale and bias of the channels: PyTorch's
// export has it so.
void group_norm(Layer& layer) {
  const Extents& extents = layer.extents();
  const std::int64_t groups = layer.integer("num_groups");
  const std::int64_t row = onnx_reader::elements_of_row({extents.begin() + 1, extents.end()});
  const Extents grouped = {extents[0], {groups, false}, {row / groups, false}};
  std::vector<std::int64_t> wanted = {0};
  for (std::size_t d = 1; d < extents.size(); ++d) wanted.push_back(extents[d].number);
  const auto vector = [&](std::string_view what, float number) {
    return layer.network().model().reals(
        lathe::join({layer.node().name(), "_", what}), {groups},
        std::vector<float>(static_cast<std::size_t>(groups), number));
  };
  const std::string in_groups = layer.make(
      "Reshape", {layer.input(0), layer.integers("groups", {0, groups, -1})}, {}, &grouped);
  const std::string normal =
      layer.make("InstanceNormalization", {in_groups, vector("one", 1), vector("zero", 0)},
                 {{"epsilon", layer.real("eps", 1e-5)}}, &grouped);
  const std::vector<std::string> back = {normal, layer.integers("shape", wanted)};
  if (!layer.has("weight")) return layer.result("Reshape", back);
  // [channels, 1, 1, ...]
  std::vector<std::int64_t> axes;
  Extents channels = {extents[1]};
  for (std::size_t d = 2; d < extents.size(); ++d) {
    axes.push_back(static_cast<std::int64_t>(d) - 1);
    channels.push_back({1, false});
  }
  const auto along_channels = [&](std::string_view role) {
    const std::string vector = layer.parameter(role);
    if (axes.empty()) return vector;
    return layer.make("Unsqueeze", {vector, layer.integers("axes", axes)}, {}, &channels);
  };
  const std::string scaled =
      layer.make("Mul", {layer.make("Reshape", back), along_channels("weight")});
  layer.result("Add", {scaled, along_channels("bias")});
}

}  // namespace

void add_norms(std::vector<Translation>& rows) {
  rows.insert(rows.end(), {{"batch_norm1d", batch_norm},
                           {"batch_norm2d", batch_norm},
                           {"layer_norm", layer_norm},
                           {"group_norm", group_norm}});
}

}  // namespace onnx_writer
