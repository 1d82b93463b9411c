// Dense layers in a chain, forwards and backwards.
#include "core/engine/dense_chain.hpp"

#include "core/graph/ops/op_table.hpp"

#include <algorithm>
#include <cmath>

namespace lathe::engine {

namespace {

// Wider layers are BLAS's business.
constexpr std::size_t kWidest = 256;
constexpr std::size_t kWidestInput = 1024;

// Formats whose gradient is straight through and which draw nothing.
bool is_plain(const Quantizer& format) {
  return !format || (!format.has_backward() && !format.stochastic());
}

const Quantizer* given(const Quantizer& format) { return format ? &format : nullptr; }

// A reshaping that leaves each row as it is.
bool only_reshapes(const Graph& graph, const Node& node) {
  if (node.op != "view" && node.op != "reshape" && node.op != "flatten" && node.op != "identity" &&
      node.op != "contiguous") {
    return false;
  }
  return node.result.shape.rank() == 2 && keeps_rows_apart(graph, node);
}

}  // namespace

std::unique_ptr<DenseChain> DenseChain::make(const Plan& plan, TrainedParameters& parameters) {
  const Graph& graph = plan.graph();
  if (plan.inputs().size() != 1 || plan.outputs().size() != 1) return nullptr;
  auto chain = std::make_unique<DenseChain>();
  chain->plan_ = &plan;
  std::uint32_t last = plan.inputs()[0];
  const Result& input = graph.node(plan.steps()[last].node).result;
  if (input.dtype != DType::float32 || input.shape.rank() < 2) return nullptr;
  chain->features_ = static_cast<std::size_t>(input.shape.numel() / input.shape[0]);
  if (chain->features_ > kWidestInput) return nullptr;
  for (std::uint32_t s = 0; s < plan.steps().size(); ++s) {
    const Step& step = plan.steps()[s];
    if (step.kind == Step::Kind::given || step.kind == Step::Kind::value) continue;
    const Node& node = graph.node(step.node);
    if (step.kind != Step::Kind::compute || step.tensor_inputs.size() != 1 ||
        step.tensor_inputs[0] != last || step.output_format) {
      return nullptr;
    }
    last = s;
    if (only_reshapes(graph, node)) continue;
    bool added = node.result.shape.rank() == 2;
    for (const Quantizer& format : step.input_formats) added = added && is_plain(format);
    for (std::uint32_t i = 0; added && i < step.operand_count; ++i) {
      added = is_plain(plan.operands()[step.first_operand + i].format);
    }
    if (added && node.op == "linear") {
      added = chain->add_linear(step, node, parameters);
    } else if (added && node.op == "batch_norm1d") {
      added = chain->add_batch_norm(step, node, parameters);
    } else {
      added = added && node.op == "relu" && chain->add_relu(step);
    }
    if (!added) return nullptr;
  }
  if (last != plan.outputs()[0] || chain->layers_.empty()) return nullptr;
  return chain;
}

bool DenseChain::add_linear(const Step& step, const Node& node, TrainedParameters& parameters) {
  if (node.opcode != Opcode::call_module) return false;
  Layer layer;
  layer.kind = Layer::Kind::linear;
  for (std::uint32_t i = 0; i < step.operand_count; ++i) {
    const PlanOperand& operand = plan_->operands()[step.first_operand + i];
    const auto [value, gradient] = parameters.trained(operand.unique);
    if (operand.parameter->name == "weight") {
      layer.weight = value;
      layer.dweight = gradient;
      layer.weight_format = given(operand.format);
      layer.weight_shape = operand.parameter->shape.dims();
    } else if (operand.parameter->name == "bias") {
      layer.bias = value;
      layer.dbias = gradient;
      layer.bias_format = given(operand.format);
      layer.bias_shape = operand.parameter->shape.dims();
    }
  }
  if (layer.weight == nullptr) return false;
  layer.out = static_cast<std::size_t>(layer.weight_shape[0]);
  layer.in = static_cast<std::size_t>(layer.weight_shape[1]);
  if (layer.out > kWidest || layer.in > kWidestInput) return false;
  if (!step.input_formats.empty()) layer.input_format = given(step.input_formats[0]);
  layers_.push_back(std::move(layer));
  return true;
}

bool DenseChain::add_batch_norm(const Step& step, const Node& node, TrainedParameters& parameters) {
  Layer layer;
  layer.kind = Layer::Kind::batch_norm;
  for (std::uint32_t i = 0; i < step.operand_count; ++i) {
    const PlanOperand& operand = plan_->operands()[step.first_operand + i];
    const std::string& name = operand.parameter->name;
    if (name == "weight") {
      std::tie(layer.weight, layer.dweight) = parameters.trained(operand.unique);
    } else if (name == "bias") {
      std::tie(layer.bias, layer.dbias) = parameters.trained(operand.unique);
    } else if (name == "running_mean") {
      layer.running_mean = parameters.buffer(operand.unique).data_ptr<float>();
    } else if (name == "running_var") {
      layer.running_variance = parameters.buffer(operand.unique).data_ptr<float>();
    } else if (name == "num_batches_tracked") {
      layer.batches = parameters.buffer(operand.unique).data_ptr<std::int64_t>();
    }
  }
  if (layer.weight == nullptr || layer.bias == nullptr || layer.batches == nullptr) return false;
  const KernelNode seen(plan_->graph(), node);
  layer.cumulative = seen.value("momentum").is_none();
  if (!layer.cumulative) layer.momentum = seen.number("momentum");
  layer.eps = seen.number("eps");
  layer.in = layer.out = static_cast<std::size_t>(node.result.shape[1]);
  if (layer.in > kWidestInput) return false;
  layer.statistics.resize(layer.in);
  layers_.push_back(std::move(layer));
  return true;
}

bool DenseChain::add_relu(const Step& step) {
  Layer layer;
  layer.kind = Layer::Kind::relu;
  const Shape& shape = plan_->graph().node(step.node).result.shape;
  layer.in = layer.out = static_cast<std::size_t>(shape[1]);
  if (layer.in > kWidestInput) return false;
  if (!step.input_formats.empty()) layer.input_format = given(step.input_formats[0]);
  layers_.push_back(std::move(layer));
  return true;
}

void DenseChain::resize(std::size_t rows) {
  at_.rows = rows;
  if (rows <= at_.stride) return;
  at_.stride = rows;
  std::size_t widest = features_;
  for (Layer& layer : layers_) {
    layer.y.resize(layer.out * rows);
    if (layer.input_format != nullptr) layer.quantized_input.resize(layer.in * rows);
    widest = std::max({widest, layer.in, layer.out});
  }
  input_.resize(features_ * rows);
  for (auto* buffer : {&gradient_, &other_gradient_, &row_major_, &row_major_quantized_}) {
    buffer->resize(widest * rows);
  }
}

// Formats see tensors as they are in the graph: rows first.
void DenseChain::quantize(const Quantizer& format, const float* x, std::size_t features, float* y,
                          RandomPlace place) {
  kernels_.transpose(x, features, at_.stride, at_.rows, row_major_.data(), features);
  const std::int64_t shape[] = {static_cast<std::int64_t>(at_.rows),
                                static_cast<std::int64_t>(features)};
  format.on_memory(row_major_.data(), row_major_quantized_.data(), shape, true, place);
  kernels_.transpose(row_major_quantized_.data(), at_.rows, features, features, y, at_.stride);
}

void DenseChain::forward(Layer& layer, const float* x, RandomPlace place) {
  layer.used_input = x;
  if (layer.input_format != nullptr) {
    quantize(*layer.input_format, x, layer.in, layer.quantized_input.data(), place);
    layer.used_input = layer.quantized_input.data();
  }
  if (layer.kind == Layer::Kind::relu) {
    kernels_.relu(at_, layer.used_input, layer.in, layer.y.data());
    return;
  }
  if (layer.kind == Layer::Kind::batch_norm) {
    kernels_.batch_norm(at_, x, layer.in, layer.weight, layer.bias, static_cast<float>(layer.eps),
                        layer.statistics.data(), layer.y.data());
    track(layer);
    return;
  }
  layer.used_weight = layer.weight;
  const float* bias = layer.bias;
  if (layer.weight_format != nullptr) {
    layer.quantized_weight.resize(layer.in * layer.out);
    layer.weight_format->on_memory(layer.weight, layer.quantized_weight.data(), layer.weight_shape,
                                   true, place);
    layer.used_weight = layer.quantized_weight.data();
  }
  if (layer.bias_format != nullptr && bias != nullptr) {
    layer.quantized_bias.resize(layer.out);
    layer.bias_format->on_memory(bias, layer.quantized_bias.data(), layer.bias_shape, true, place);
    bias = layer.quantized_bias.data();
  }
  kernels_.linear(at_, layer.used_input, layer.in, layer.used_weight, bias, layer.out,
                  layer.y.data());
}

// Running statistics; the variance over n - 1, as PyTorch's.
void DenseChain::track(Layer& layer) const {
  *layer.batches += 1;
  const double factor =
      layer.cumulative ? 1.0 / static_cast<double>(*layer.batches) : layer.momentum;
  const auto rows = static_cast<double>(at_.rows);
  for (std::size_t f = 0; f < layer.in; ++f) {
    const double mean = static_cast<double>(layer.statistics[f].mean);
    const double variance = static_cast<double>(layer.statistics[f].variance) * rows / (rows - 1.0);
    layer.running_mean[f] = static_cast<float>(
        factor * mean + (1.0 - factor) * static_cast<double>(layer.running_mean[f]));
    layer.running_variance[f] = static_cast<float>(
        factor * variance + (1.0 - factor) * static_cast<double>(layer.running_variance[f]));
  }
}

// On return `dy` is the gradient of the layer's input; `dx` is room for it.
void DenseChain::backward(Layer& layer, const float* x, std::vector<float>& dy,
                          std::vector<float>& dx, bool first) {
  switch (layer.kind) {
    case Layer::Kind::relu:
      kernels_.relu_gradient(at_, layer.y.data(), layer.in, dy.data());
      return;
    case Layer::Kind::batch_norm:
      kernels_.batch_norm_gradients(at_, x, layer.in, layer.weight, layer.statistics.data(),
                                    dy.data(), layer.dweight, layer.dbias,
                                    first ? nullptr : dy.data());
      return;
    case Layer::Kind::linear:
      kernels_.linear_gradients(at_, layer.used_input, layer.in, dy.data(), layer.out,
                                layer.dweight, layer.dbias);
      if (first) return;
      layer.transposed_weight.resize(layer.in * layer.out);
      kernels_.transpose(layer.used_weight, layer.out, layer.in, layer.in,
                         layer.transposed_weight.data(), layer.out);
      kernels_.linear(at_, dy.data(), layer.out, layer.transposed_weight.data(), nullptr, layer.in,
                      dx.data());
      std::swap(dy, dx);
      return;
  }
}

BatchMetrics DenseChain::step(const float* samples, std::span<const std::uint64_t> rows,
                              const std::int64_t* labels, double scale, RandomPlace place) {
  resize(rows.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const float* sample = samples + rows[r] * features_;
    for (std::size_t f = 0; f < features_; ++f) input_[f * at_.stride + r] = sample[f];
  }
  const float* x = input_.data();
  for (Layer& layer : layers_) {
    forward(layer, x, place);
    x = layer.y.data();
  }
  const std::size_t classes = layers_.back().out;
  kernels_.transpose(x, classes, at_.stride, at_.rows, row_major_.data(), classes);
  const BatchMetrics metrics = cross_entropy(
      {row_major_.data(), static_cast<std::int64_t>(at_.rows), static_cast<std::int64_t>(classes)},
      labels, row_major_quantized_.data(), scale);
  if (!std::isfinite(metrics.loss)) return metrics;
  kernels_.transpose(row_major_quantized_.data(), at_.rows, classes, classes, gradient_.data(),
                     at_.stride);
  for (std::size_t i = layers_.size(); i-- > 0;) {
    const float* before = i == 0 ? input_.data() : layers_[i - 1].y.data();
    backward(layers_[i], before, gradient_, other_gradient_, i == 0);
  }
  return metrics;
}

}  // namespace lathe::engine
