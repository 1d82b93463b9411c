// Kernels of the layers that multiply by a learned matrix: linear, convolutions, embedding.
#include "core/engine/kernels/kernel_rows.hpp"

#include <fmt/format.h>

namespace lathe::engine {

namespace {

using List = std::vector<std::int64_t>;

Kernel linear(const KernelNode& node) {
  const Source weight = needed(node, "weight");
  const Source bias = source(node, "bias");
  return [=](const KernelCall& call) {
    const at::Tensor b = bias(call);
    const at::Tensor& x = call.inputs[0];
    if (b.defined() && x.dim() == 2) return at::addmm(b, x, weight(call).t());
    return at::linear(x, weight(call), b);
  };
}

// Channels last: oneDNN then works on activations as they lie, where it would otherwise copy them
// into a layout of its own and back for every layer. The layout stays from layer to layer; what
// needs another (views, number formats) makes its own copy.
at::Tensor channels_last(const at::Tensor& x) {
  return x.is_cpu() && x.dim() == 4 ? x.contiguous(at::MemoryFormat::ChannelsLast) : x;
}

void expect_zeros(const KernelNode& node) {
  const Value* mode = node.find("padding_mode");
  if (mode != nullptr && mode->as_string() != "zeros") {
    node.refuse(fmt::format("padding_mode '{}' is not supported; 'zeros' is", mode->text()));
  }
}

template <std::size_t kDims>
Kernel convolution(const KernelNode& node) {
  const Source weight = needed(node, "weight");
  const Source bias = source(node, "bias");
  expect_zeros(node);
  const List stride = node.integers("stride", kDims);
  const List dilation = node.integers("dilation", kDims);
  const std::int64_t groups = node.integer("groups");
  const Value& padding = node.value("padding");
  if (padding.is_string()) {
    return [=, mode = padding.as_string()](const KernelCall& call) {
      const at::Tensor b = bias(call);
      if constexpr (kDims == 1) {
        return at::conv1d(call.inputs[0], weight(call), b, stride, mode, dilation, groups);
      } else {
        return at::conv2d(channels_last(call.inputs[0]), weight(call), b, stride, mode, dilation,
                          groups);
      }
    };
  }
  const List pad = node.integers("padding", kDims);
  return [=](const KernelCall& call) {
    const at::Tensor b = bias(call);
    if constexpr (kDims == 1) {
      return at::conv1d(call.inputs[0], weight(call), b, stride, pad, dilation, groups);
    } else {
      return at::conv2d(channels_last(call.inputs[0]), weight(call), b, stride, pad, dilation,
                        groups);
    }
  };
}

template <std::size_t kDims>
Kernel conv_transpose(const KernelNode& node) {
  const Source weight = needed(node, "weight");
  const Source bias = source(node, "bias");
  expect_zeros(node);
  return [=, stride = node.integers("stride"), padding = node.integers("padding"),
          more = node.integers("output_padding"), groups = node.integer("groups"),
          dilation = node.integers("dilation")](const KernelCall& call) {
    if constexpr (kDims == 1) {
      return at::conv_transpose1d(call.inputs[0], weight(call), bias(call), stride, padding, more,
                                  groups, dilation);
    } else {
      return at::conv_transpose2d(channels_last(call.inputs[0]), weight(call), bias(call), stride,
                                  padding, more, groups, dilation);
    }
  };
}

Kernel embedding(const KernelNode& node) {
  const Source weight = needed(node, "weight");
  const Value& given = node.value("padding_idx");
  std::int64_t padding = given.is_none() ? -1 : given.as_int();
  if (!given.is_none() && padding < 0) padding += node.integer("num_embeddings");
  return
      [=](const KernelCall& call) { return at::embedding(weight(call), call.inputs[0], padding); };
}

constexpr KernelRow kRows[] = {
    {"linear", linear},
    {"conv1d", convolution<1>},
    {"conv2d", convolution<2>},
    {"conv_transpose1d", conv_transpose<1>},
    {"conv_transpose2d", conv_transpose<2>},
    {"embedding", embedding},
};

}  // namespace

std::span<const KernelRow> weighted_kernels() { return kRows; }

}  // namespace lathe::engine
