// Dense layers in a chain, forwards, in evaluation mode.
#include "core/dense/forward.hpp"

#include "core/run/activations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lathe::dense {

namespace {

// Rows are rounded up to whole vectors: what the rest gives is never looked at.
constexpr std::size_t kRowsAtOnce = 16;

float* at_least(std::vector<float>& memory, std::size_t size) {
  if (memory.size() < size) memory.resize(size);
  return memory.data();
}

}  // namespace

Forward::Forward(Chain chain, const std::vector<NodeId>& wanted, run::Cache& cache,
                 run::Activations* activations)
    : chain_(std::move(chain)),
      cache_(cache),
      all_(wanted.size() > 1),
      room_(all_ ? own_ : room_of_thread()) {
  for (const Chain::Place& place : chain_.places) {
    if (std::find(wanted.begin(), wanted.end(), place.node) != wanted.end()) end_ = place.layers;
  }
  // Of several results none may be left out, and all of them cost little.
  if (all_) activations = nullptr;
  for (std::size_t i = chain_.places.size(); activations != nullptr && i-- > 1;) {
    const auto [node, layers] = chain_.places[i];
    if (layers > end_ || layers == 0) continue;
    if (const run::Stored found = activations->find(node)) {
      found_ = std::static_pointer_cast<const Portions>(found);
      begin_ = layers;
      break;
    }
    if (activations->keeps(node)) kept_.push_back({node, layers, std::make_shared<Portions>()});
  }
  bind();
  results_.resize(chain_.layers.size() + 1);
}

void Forward::bind() {
  constants_.resize(chain_.layers.size());
  for (std::size_t i = begin_; i < end_; ++i) {
    const Layer& layer = chain_.layers[i];
    if (layer.kind == Layer::Kind::batch_norm) {
      constants_[i] = normalisation(layer);
    } else if (layer.kind == Layer::Kind::linear) {
      constants_[i] = {used(layer.weight, layer.weight_format),
                       used(layer.bias, layer.bias_format)};
    }
  }
}

// The contents, or what the format makes of them: once while they and the cache live.
std::shared_ptr<const Forward::Numbers> Forward::used(const Parameter* parameter,
                                                      const run::Quantizer& format) {
  if (parameter == nullptr) return nullptr;
  const auto quantize = [&] {
    const Tensor& contents = parameter->content->tensor();
    const auto values = contents.values<float>();
    auto made = std::make_shared<Numbers>(values.begin(), values.end());
    if (format) {
      format.quantize(values.data(), made->data(), contents.shape().dims(), false,
                      {chain_.graph.seed(), 0});
    }
    return made;
  };
  if (!format || format.stochastic()) return quantize();
  Hasher on;
  on.add("dense").add(format.identity());
  const run::CacheKey key{parameter->content->hash(), on.finish()};
  if (const run::Stored known = cache_.find(key)) {
    return std::static_pointer_cast<const Numbers>(known);
  }
  const std::shared_ptr<const Numbers> made = quantize();
  cache_.insert(key, made, made->size() * sizeof(float));
  return made;
}

// As PyTorch has it: y = x scale + shift, scale = weight / sqrt(variance + eps).
Forward::Constants Forward::normalisation(const Layer& layer) {
  const auto values = [](const Parameter* parameter) {
    return parameter->content->tensor().values<float>();
  };
  const std::shared_ptr<const Numbers> weight = used(layer.weight, layer.weight_format);
  const std::shared_ptr<const Numbers> bias = used(layer.bias, layer.bias_format);
  const auto mean = values(layer.running_mean), variance = values(layer.running_variance);
  auto scale = std::make_shared<Numbers>(layer.in), shift = std::make_shared<Numbers>(layer.in);
  for (std::size_t f = 0; f < layer.in; ++f) {
    const float inverse = 1.0F / std::sqrt(variance[f] + static_cast<float>(layer.eps));
    (*scale)[f] = inverse * (*weight)[f];
    (*shift)[f] = (*bias)[f] - mean[f] * (*scale)[f];
  }
  return {std::move(scale), std::move(shift)};
}

// What the first layer reads: an earlier evaluation's result, or the rows, feature-major.
const float* Forward::first_result(const run::Portion& portion) {
  if (found_ != nullptr) return (*found_)[portion.number].data();
  const Tensor& samples = portion.inputs[0];
  const std::int64_t all = samples.shape().rank() > 0 ? samples.shape()[0] : 0;
  if (samples.dtype() != DType::float32 ||
      samples.numel() != all * static_cast<std::int64_t>(chain_.features)) {
    throw usage_error(
        fmt::format("the network takes rows of {} float32 numbers; it was given {} {}",
                    chain_.features, lathe::name(samples.dtype()), samples.shape().text()));
  }
  float* input = at_least(room_.input, chain_.features * at_.stride);
  const float* rows =
      samples.values<float>().data() + static_cast<std::size_t>(portion.first) * chain_.features;
  const auto count = static_cast<std::size_t>(portion_.rows);
  kernels_.transpose(rows, count, chain_.features, chain_.features, input, at_.stride);
  for (std::size_t f = 0; f < chain_.features; ++f) {
    std::fill(input + f * at_.stride + count, input + (f + 1) * at_.stride, 0.0F);
  }
  return input;
}

Forward::Room& Forward::room_of_thread() {
  static thread_local Room room;
  return room;
}

void Forward::run(const run::Portion& portion) {
  portion_ = portion;
  if (portion.rows == 0) {
    const Shape& shape = portion.inputs[0].shape();
    portion_.rows = shape.rank() > 0 ? shape[0] : 0;
  }
  at_.rows =
      (static_cast<std::size_t>(portion_.rows) + kRowsAtOnce - 1) / kRowsAtOnce * kRowsAtOnce;
  at_.stride = at_.rows;
  std::fill(results_.begin(), results_.end(), nullptr);
  const float* x = first_result(portion_);
  results_[begin_] = x;
  for (std::size_t i = begin_; i < end_; ++i) {
    float* y = at_least(result_of(i), chain_.layers[i].out * at_.stride);
    apply(chain_.layers[i], constants_[i], x, y, portion_);
    results_[i + 1] = x = y;
  }
}

// Where the result of a layer goes: into the cache's memory if it is to be kept.
Forward::Numbers& Forward::result_of(std::size_t layer) {
  for (const Kept& kept : kept_) {
    if (kept.layers == layer + 1) return kept.portions->emplace_back();
  }
  // Two take turns, unless every one is to stay.
  const std::size_t place = all_ ? layer : layer % 2;
  if (room_.layers.size() <= place) room_.layers.resize(place + 1);
  return room_.layers[place];
}

void Forward::apply(const Layer& layer, const Constants& constants, const float* x, float* y,
                    const run::Portion& portion) {
  if (layer.input_format) x = quantized(layer, x, portion);
  switch (layer.kind) {
    case Layer::Kind::relu:
      kernels_.relu(at_, x, layer.in, y);
      return;
    case Layer::Kind::batch_norm:
      kernels_.scale_and_shift(at_, x, layer.in, constants.weight->data(), constants.bias->data(),
                               y);
      return;
    case Layer::Kind::linear:
      kernels_.linear(at_, x, layer.in, constants.weight->data(),
                      constants.bias == nullptr ? nullptr : constants.bias->data(), layer.out, y);
      return;
  }
}

// Formats see tensors as they are in the graph: rows first, batch by batch. Those that go by the
// element alone see them as they lie.
const float* Forward::quantized(const Layer& layer, const float* x, const run::Portion& portion) {
  if (layer.input_format.elements_apart()) {
    const std::size_t size = layer.in * at_.stride;
    float* y = at_least(room_.quantized, size);
    const std::int64_t flat[] = {static_cast<std::int64_t>(size)};
    layer.input_format.quantize(x, y, flat, false, {});
    return y;
  }
  const auto rows = static_cast<std::size_t>(portion.rows);
  float* from = at_least(room_.row_major, layer.in * rows);
  float* to = at_least(room_.row_major_quantized, layer.in * rows);
  float* out = at_least(room_.quantized, layer.in * at_.stride);
  kernels_.transpose(x, layer.in, at_.stride, rows, from, layer.in);
  const std::int64_t shape[] = {portion.rows, static_cast<std::int64_t>(layer.in)};
  const run::RandomPlace place{chain_.graph.seed(), static_cast<std::uint64_t>(portion.first)
                                                        << 32};
  layer.input_format.quantize_rows(from, to, shape, place, portion.batch);
  kernels_.transpose(to, rows, layer.in, layer.in, out, at_.stride);
  return out;
}

const Chain::Place* Forward::place_of(NodeId node) const {
  const auto place = std::ranges::find(chain_.places, node, &Chain::Place::node);
  return place == chain_.places.end() ? nullptr : &*place;
}

Shape Forward::shape_of(NodeId node) const {
  std::vector<std::int64_t> dims = chain_.graph.node(node).result.shape.dims();
  dims[0] = portion_.rows;
  return Shape(std::move(dims));
}

Tensor Forward::floats(NodeId node) const {
  const Chain::Place* place = place_of(node);
  if (place == nullptr || place->layers == 0 || results_[place->layers] == nullptr)
    return result(node);
  const std::size_t features = chain_.layers[place->layers - 1].out;
  const auto rows = static_cast<std::size_t>(portion_.rows);
  float* out = at_least(room_.row_major, features * rows);
  kernels_.transpose(results_[place->layers], features, at_.stride, rows, out, features);
  // Borrowed until the next run: nobody owns it but this.
  return Tensor::adopt(DType::float32, shape_of(node), nullptr,
                       reinterpret_cast<const std::byte*>(out));
}

Tensor Forward::result(NodeId node) const {
  const Chain::Place* place = place_of(node);
  if (place == nullptr) return {};
  Shape shape = shape_of(node);
  if (place->layers == 0) {
    const Tensor& samples = portion_.inputs[0];
    const auto skipped = static_cast<std::size_t>(portion_.first) * chain_.features * sizeof(float);
    return Tensor::adopt(DType::float32, std::move(shape), samples.owner(),
                         samples.bytes().data() + skipped);
  }
  const float* values = results_[place->layers];
  if (values == nullptr) return {};
  const std::size_t features = chain_.layers[place->layers - 1].out;
  const auto rows = static_cast<std::size_t>(portion_.rows);
  return Tensor::make(DType::float32, std::move(shape), [&](std::span<std::byte> out) {
    kernels_.transpose(values, features, at_.stride, rows, reinterpret_cast<float*>(out.data()),
                       features);
  });
}

void Forward::leave(run::Activations& activations) {
  for (Kept& kept : kept_) {
    std::uint64_t bytes = 0;
    for (const Numbers& portion : *kept.portions) bytes += portion.size() * sizeof(float);
    activations.keep(kept.node, std::move(kept.portions), bytes);
  }
}

}  // namespace lathe::dense
