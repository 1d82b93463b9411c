// Dense layers in a chain, forwards and backwards.
#include "core/dense/training.hpp"

#include <algorithm>

namespace lathe::dense {

Training::Training(Chain chain, run::TrainedParameters& parameters) : chain_(std::move(chain)) {
  for (const Layer& layer : chain_.layers) layers_.push_back(place(layer, parameters));
}

Training::Trained Training::place(const Layer& layer, run::TrainedParameters& parameters) {
  Trained out;
  out.layer = &layer;
  if (layer.weight != nullptr) {
    const auto& piece = parameters.piece(layer.weight->qualified_name);
    out.weight = piece.value;
    out.dweight = piece.gradient;
  }
  if (layer.bias != nullptr) {
    const auto& piece = parameters.piece(layer.bias->qualified_name);
    out.bias = piece.value;
    out.dbias = piece.gradient;
  }
  if (layer.kind != Layer::Kind::batch_norm) return out;
  const auto buffer = [&](const Parameter* parameter) {
    return parameters.piece(parameter->qualified_name).buffer.data();
  };
  out.running_mean = reinterpret_cast<float*>(buffer(layer.running_mean));
  out.running_variance = reinterpret_cast<float*>(buffer(layer.running_variance));
  out.batches = reinterpret_cast<std::int64_t*>(buffer(layer.batches));
  out.statistics.resize(layer.in);
  return out;
}

void Training::resize(std::size_t rows) {
  at_.rows = rows;
  if (rows <= at_.stride) return;
  at_.stride = rows;
  std::size_t widest = chain_.features;
  for (Trained& trained : layers_) {
    const Layer& layer = *trained.layer;
    trained.y.resize(layer.out * rows);
    if (layer.input_format) trained.quantized_input.resize(layer.in * rows);
    widest = std::max({widest, layer.in, layer.out});
  }
  input_.resize(chain_.features * rows);
  for (auto* buffer : {&gradient_, &other_gradient_, &row_major_, &row_major_quantized_}) {
    buffer->resize(widest * rows);
  }
}

// Formats see tensors as they are in the graph: rows first.
void Training::quantize(const run::Quantizer& format, const float* x, std::size_t features,
                        float* y, run::RandomPlace place) {
  kernels_.transpose(x, features, at_.stride, at_.rows, row_major_.data(), features);
  const std::int64_t shape[] = {static_cast<std::int64_t>(at_.rows),
                                static_cast<std::int64_t>(features)};
  format.quantize(row_major_.data(), row_major_quantized_.data(), shape, true, place);
  kernels_.transpose(row_major_quantized_.data(), at_.rows, features, features, y, at_.stride);
}

void Training::forward(Trained& trained, const float* x, run::RandomPlace place) {
  const Layer& layer = *trained.layer;
  trained.used_input = x;
  if (layer.input_format) {
    quantize(layer.input_format, x, layer.in, trained.quantized_input.data(), place);
    trained.used_input = trained.quantized_input.data();
  }
  if (layer.kind == Layer::Kind::relu) {
    kernels_.relu(at_, trained.used_input, layer.in, trained.y.data());
    return;
  }
  if (layer.kind == Layer::Kind::batch_norm) {
    kernels_.batch_norm(at_, x, layer.in, trained.weight, trained.bias,
                        static_cast<float>(layer.eps), trained.statistics.data(), trained.y.data());
    track(trained);
    return;
  }
  trained.used_weight = trained.weight;
  const float* bias = trained.bias;
  if (layer.weight_format) {
    trained.quantized_weight.resize(layer.in * layer.out);
    layer.weight_format.quantize(trained.weight, trained.quantized_weight.data(),
                                 layer.weight->shape.dims(), true, place);
    trained.used_weight = trained.quantized_weight.data();
  }
  if (layer.bias_format && bias != nullptr) {
    trained.quantized_bias.resize(layer.out);
    layer.bias_format.quantize(bias, trained.quantized_bias.data(), layer.bias->shape.dims(), true,
                               place);
    bias = trained.quantized_bias.data();
  }
  kernels_.linear(at_, trained.used_input, layer.in, trained.used_weight, bias, layer.out,
                  trained.y.data());
}

// Running statistics; the variance over n - 1, as PyTorch's.
void Training::track(Trained& trained) const {
  const Layer& layer = *trained.layer;
  *trained.batches += 1;
  const double factor =
      layer.cumulative ? 1.0 / static_cast<double>(*trained.batches) : layer.momentum;
  const auto rows = static_cast<double>(at_.rows);
  for (std::size_t f = 0; f < layer.in; ++f) {
    const Statistics& of_batch = trained.statistics[f];
    const double mean = static_cast<double>(of_batch.mean);
    const double variance = static_cast<double>(of_batch.variance) * rows / (rows - 1.0);
    trained.running_mean[f] = static_cast<float>(
        factor * mean + (1.0 - factor) * static_cast<double>(trained.running_mean[f]));
    trained.running_variance[f] = static_cast<float>(
        factor * variance + (1.0 - factor) * static_cast<double>(trained.running_variance[f]));
  }
}

// On return gradient_ is the gradient of the layer's input.
void Training::backward(Trained& trained, const float* x, bool first) {
  const Layer& layer = *trained.layer;
  float* dy = gradient_.data();
  switch (layer.kind) {
    case Layer::Kind::relu:
      kernels_.relu_gradient(at_, trained.y.data(), layer.in, dy);
      return;
    case Layer::Kind::batch_norm:
      kernels_.batch_norm_gradients(at_, x, layer.in, trained.weight, trained.statistics.data(), dy,
                                    trained.dweight, trained.dbias, first ? nullptr : dy);
      return;
    case Layer::Kind::linear:
      kernels_.linear_gradients(at_, trained.used_input, layer.in, dy, layer.out, trained.dweight,
                                trained.dbias);
      if (first) return;
      trained.transposed_weight.resize(layer.in * layer.out);
      kernels_.transpose(trained.used_weight, layer.out, layer.in, layer.in,
                         trained.transposed_weight.data(), layer.out);
      kernels_.linear(at_, dy, layer.out, trained.transposed_weight.data(), nullptr, layer.in,
                      other_gradient_.data());
      std::swap(gradient_, other_gradient_);
      return;
  }
}

Tensor Training::forward(const run::TrainingBatch& batch) {
  resize(batch.rows.size());
  const float* samples = batch.inputs[0].values<float>().data();
  for (std::size_t r = 0; r < batch.rows.size(); ++r) {
    const float* sample = samples + batch.rows[r] * chain_.features;
    for (std::size_t f = 0; f < chain_.features; ++f) input_[f * at_.stride + r] = sample[f];
  }
  const float* x = input_.data();
  for (Trained& trained : layers_) {
    forward(trained, x, batch.place);
    x = trained.y.data();
  }
  const std::size_t classes = chain_.layers.back().out;
  kernels_.transpose(x, classes, at_.stride, at_.rows, row_major_.data(), classes);
  // Borrowed until the next call: nobody owns it but this.
  return Tensor::adopt(
      DType::float32,
      Shape{static_cast<std::int64_t>(at_.rows), static_cast<std::int64_t>(classes)}, nullptr,
      reinterpret_cast<const std::byte*>(row_major_.data()));
}

void Training::backward(std::span<const float> gradient) {
  const std::size_t classes = chain_.layers.back().out;
  kernels_.transpose(gradient.data(), at_.rows, classes, classes, gradient_.data(), at_.stride);
  for (std::size_t i = layers_.size(); i-- > 0;) {
    const float* before = i == 0 ? input_.data() : layers_[i - 1].y.data();
    backward(layers_[i], before, i == 0);
  }
}

}  // namespace lathe::dense
