// Layers that multiply by weights, and products of two tensors.
#include "../translations.hpp"
#include "window.hpp"

namespace onnx_writer {

namespace {

std::vector<std::int64_t> padding_of(const Layer& layer, const std::vector<std::int64_t>& kernel,
                                     const std::vector<std::int64_t>& dilation) {
  const lathe::value_view padding = layer.attribute("padding");
  if (padding.kind() != LATHE_VALUE_STRING) {
    return pads_of(layer.extents("padding", kernel.size(), 0));
  }
  std::vector<std::int64_t> before, after;  // of "same" the larger half is behind
  for (std::size_t d = 0; d < kernel.size(); ++d) {
    const std::int64_t all = padding.text() == "same" ? dilation[d] * (kernel[d] - 1) : 0;
    before.push_back(all / 2);
    after.push_back(all - all / 2);
  }
  before.insert(before.end(), after.begin(), after.end());
  return before;
}

void check_padding_mode(const Layer& layer) {
  const lathe::value_view mode = layer.attribute("padding_mode");
  if (mode && mode.text() != "zeros") {
    throw cannot({"its padding_mode is '", mode.text(), "'; ONNX's convolutions pad with zeros"});
  }
}

std::vector<std::string> with_bias(Layer& layer, const std::string& x) {
  std::vector<std::string> inputs = {x, layer.parameter("weight")};
  if (layer.has("bias")) inputs.push_back(layer.parameter("bias"));
  return inputs;
}

void conv(Layer& layer) {
  check_padding_mode(layer);
  const std::vector<std::int64_t> weight = layer.dims_of("weight");
  const std::vector<std::int64_t> kernel(weight.begin() + 2, weight.end());
  const std::vector<std::int64_t> dilation = layer.extents("dilation", kernel.size(), 1);
  layer.result("Conv", with_bias(layer, layer.input(0)),
               {{"dilations", dilation},
                {"group", layer.integer("groups", 1)},
                {"kernel_shape", kernel},
                {"pads", padding_of(layer, kernel, dilation)},
                {"strides", layer.extents("stride", kernel.size(), 1)}});
}

void conv_transpose(Layer& layer) {
  check_padding_mode(layer);
  const std::vector<std::int64_t> weight = layer.dims_of("weight");
  const std::vector<std::int64_t> kernel(weight.begin() + 2, weight.end());
  const std::size_t dims = kernel.size();
  layer.result("ConvTranspose", with_bias(layer, layer.input(0)),
               {{"dilations", layer.extents("dilation", dims, 1)},
                {"group", layer.integer("groups", 1)},
                {"kernel_shape", kernel},
                {"output_padding", layer.extents("output_padding", dims, 0)},
                {"pads", pads_of(layer.extents("padding", dims, 0))},
                {"strides", layer.extents("stride", dims, 1)}});
}

// Of matrices a Gemm, as PyTorch's own export has it; QONNX's readers take MatMul and Add.
void linear(Layer& layer) {
  const std::string x = layer.input(0);
  if (layer.extents_of_input(0).size() == 2 && !layer.is_qonnx()) {
    return layer.result("Gemm", with_bias(layer, x), {{"transB", std::int64_t{1}}});
  }
  const std::string weight = layer.transposed_parameter("weight");
  if (!layer.has("bias")) return layer.result("MatMul", {x, weight});
  const std::string product = layer.make("MatMul", {x, weight});
  layer.result("Add", {product, layer.parameter("bias")});
}

// beta input + alpha mat1 mat2
void addmm(Layer& layer) {
  const std::string x = layer.parameter("data_in"), weight = layer.parameter("weight");
  const std::string bias = layer.parameter("bias");
  const float beta = layer.real("beta", 1), alpha = layer.real("alpha", 1);
  if (!layer.is_qonnx() || beta != 1 || alpha != 1) {
    return layer.result("Gemm", {x, weight, bias}, {{"alpha", alpha}, {"beta", beta}});
  }
  layer.result("Add", {layer.make("MatMul", {x, weight}), bias});
}

void embedding(Layer& layer) {
  layer.result("Gather", {layer.parameter("weight"), layer.input(0)}, {{"axis", std::int64_t{0}}});
}

void product(Layer& layer) { layer.result("MatMul", {layer.input(0), layer.input(1)}); }

}  // namespace

void add_layers(std::vector<Translation>& rows) {
  rows.insert(rows.end(), {{"conv1d", conv},
                           {"conv2d", conv},
                           {"conv_transpose1d", conv_transpose},
                           {"conv_transpose2d", conv_transpose},
                           {"linear", linear},
                           {"addmm", addmm},
                           {"embedding", embedding},
                           {"matmul", product},
                           {"bmm", product}});
}

}  // namespace onnx_writer
