// Dense layers in a chain, forwards and backwards.
#include "core/dense/training.hpp"

#include <algorithm>

namespace lathe::dense {

namespace {

// Runs `add(gradient)`, which adds to the gradient of the values that the layer worked with, and
// passes that on to the parameter: straight through, or as the format makes it.
template <typename Add>
void through(const run::Quantizer& format, const Parameter* parameter, const float* value,
             float* gradient, std::vector<float>& of_quantized, run::RandomPlace place,
             const Add& add) {
  if (parameter == nullptr || !format || !format.has_backward()) return add(gradient);
  const auto size = static_cast<std::size_t>(parameter->shape.numel());
  of_quantized.assign(2 * size, 0.0F);
  float* made = of_quantized.data() + size;
  add(of_quantized.data());
  format.backward(value, of_quantized.data(), made, parameter->shape.dims(), true, place);
  for (std::size_t i = 0; i < size; ++i) gradient[i] += made[i];
}

}  // namespace

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
  for (auto* buffer :
       {&gradient_, &other_gradient_, &row_major_, &row_major_quantized_, &row_major_gradient_}) {
    buffer->resize(widest * rows);
  }
}

// Formats see tensors as they are in the graph: rows first. Those that go by the element alone see
// them as they lie, with what is left of larger batches.
void Training::quantize_input(Trained& trained, const float* x) {
  const std::size_t features = trained.layer->in;
  if (trained.layer->input_format.elements_apart()) {
    const std::int64_t flat[] = {static_cast<std::int64_t>(features * at_.stride)};
    trained.layer->input_format.quantize(x, trained.quantized_input.data(), flat, true, place_);
    return;
  }
  kernels_.transpose(x, features, at_.stride, at_.rows, row_major_.data(), features);
  const std::int64_t shape[] = {static_cast<std::int64_t>(at_.rows),
                                static_cast<std::int64_t>(features)};
  trained.layer->input_format.quantize(row_major_.data(), row_major_quantized_.data(), shape, true,
                                       place_);
  kernels_.transpose(row_major_quantized_.data(), at_.rows, features, features,
                     trained.quantized_input.data(), at_.stride);
}

// The values of a parameter that a layer works with.
const float* Training::used(const run::Quantizer& format, const Parameter* parameter,
                            const float* value, Quantized& quantized) const {
  if (parameter == nullptr || !format) return value;
  quantized.values.resize(static_cast<std::size_t>(parameter->shape.numel()));
  format.quantize(value, quantized.values.data(), parameter->shape.dims(), true, place_);
  return quantized.values.data();
}

void Training::forward(Trained& trained, const float* x) {
  const Layer& layer = *trained.layer;
  trained.used_input = x;
  if (layer.input_format) {
    quantize_input(trained, x);
    trained.used_input = trained.quantized_input.data();
  }
  if (layer.kind == Layer::Kind::relu) {
    kernels_.relu(at_, trained.used_input, layer.in, trained.y.data());
    return;
  }
  trained.used_weight =
      used(layer.weight_format, layer.weight, trained.weight, trained.quantized_weight);
  trained.used_bias = used(layer.bias_format, layer.bias, trained.bias, trained.quantized_bias);
  if (layer.kind == Layer::Kind::linear) {
    kernels_.linear(at_, trained.used_input, layer.in, trained.used_weight, trained.used_bias,
                    layer.out, trained.y.data());
    return;
  }
  kernels_.batch_norm(at_, trained.used_input, layer.in, trained.used_weight, trained.used_bias,
                      static_cast<float>(layer.eps), trained.statistics.data(), trained.y.data());
  track(trained);
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

// Adds to the gradients of the values that the layer worked with; gradient_ becomes that of its
// input, unless it is the `first`.
void Training::layer_gradients(Trained& trained, bool first, float* dweight, float* dbias) {
  const Layer& layer = *trained.layer;
  float* dy = gradient_.data();
  if (layer.kind == Layer::Kind::batch_norm) {
    kernels_.batch_norm_gradients(at_, trained.used_input, layer.in, trained.used_weight,
                                  trained.statistics.data(), dy, dweight, dbias,
                                  first ? nullptr : dy);
    return;
  }
  kernels_.linear_gradients(at_, trained.used_input, layer.in, dy, layer.out, dweight, dbias);
  if (first) return;
  trained.transposed_weight.resize(layer.in * layer.out);
  kernels_.transpose(trained.used_weight, layer.out, layer.in, layer.in,
                     trained.transposed_weight.data(), layer.out);
  kernels_.linear(at_, dy, layer.out, trained.transposed_weight.data(), nullptr, layer.in,
                  other_gradient_.data());
  std::swap(gradient_, other_gradient_);
}

// gradient_ becomes that of x, from that of what the format made of x.
void Training::input_gradient(const Trained& trained, const float* x) {
  const std::size_t features = trained.layer->in;
  if (trained.layer->input_format.elements_apart()) {
    const std::int64_t flat[] = {static_cast<std::int64_t>(features * at_.stride)};
    trained.layer->input_format.backward(x, gradient_.data(), other_gradient_.data(), flat, true,
                                         place_);
    std::swap(gradient_, other_gradient_);
    return;
  }
  kernels_.transpose(x, features, at_.stride, at_.rows, row_major_.data(), features);
  kernels_.transpose(gradient_.data(), features, at_.stride, at_.rows, row_major_quantized_.data(),
                     features);
  const std::int64_t shape[] = {static_cast<std::int64_t>(at_.rows),
                                static_cast<std::int64_t>(features)};
  trained.layer->input_format.backward(row_major_.data(), row_major_quantized_.data(),
                                       row_major_gradient_.data(), shape, true, place_);
  kernels_.transpose(row_major_gradient_.data(), at_.rows, features, features, gradient_.data(),
                     at_.stride);
}

// On return gradient_ is the gradient of the layer's input.
void Training::backward(Trained& trained, const float* x, bool first) {
  const Layer& layer = *trained.layer;
  if (layer.kind == Layer::Kind::relu) {
    kernels_.relu_gradient(at_, trained.y.data(), layer.in, gradient_.data());
  } else {
    through(layer.weight_format, layer.weight, trained.weight, trained.dweight,
            trained.quantized_weight.gradient, place_, [&](float* dweight) {
              through(layer.bias_format, layer.bias, trained.bias, trained.dbias,
                      trained.quantized_bias.gradient, place_,
                      [&](float* dbias) { layer_gradients(trained, first, dweight, dbias); });
            });
  }
  if (!first && layer.input_format && layer.input_format.has_backward()) {
    input_gradient(trained, x);
  }
}

Tensor Training::forward(const run::TrainingBatch& batch) {
  resize(batch.rows.size());
  const float* samples = batch.inputs[0].values<float>().data();
  for (std::size_t r = 0; r < batch.rows.size(); ++r) {
    const float* sample = samples + batch.rows[r] * chain_.features;
    for (std::size_t f = 0; f < chain_.features; ++f) input_[f * at_.stride + r] = sample[f];
  }
  place_ = batch.place;
  const float* x = input_.data();
  for (Trained& trained : layers_) {
    forward(trained, x);
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
