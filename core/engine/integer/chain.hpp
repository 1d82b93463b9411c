// Element-wise nodes after a layer that runs on integers, or after any tensor, executed together,
// piece by piece while a piece is in the cache: batch normalisation, activations, sums of two
// tensors, pooling, number formats. What other nodes read of it is written as floats, what integer
// layers read as bytes. A result has the same bits whichever of its neighbours run with it.
#pragma once

#include "core/engine/integer/layer.hpp"

namespace lathe::engine::integer {

// Where scale and shift come from: operands of the plan, and what is added to the variance.
struct BatchNorm {
  std::optional<std::size_t> weight, bias;
  std::size_t mean = 0, variance = 0;
  double eps = 0;
};

// What is done with a piece, in order.
struct Operation {
  enum class Kind : std::uint8_t { scale_shift, clamp, add, format, max_pool, floats, bytes };
  Kind kind = Kind::floats;
  std::uint32_t step = 0;                  // whose result this is part of; of floats and bytes: is
  const run::Quantizer* format = nullptr;  // format; add: that of the other tensor, or null
  std::optional<BatchNorm> norm{};         // scale_shift
  std::vector<float> scale{}, shift{};     // scale_shift, of each channel
  float low = 0, high = 0;                 // clamp
  std::int64_t size = 1;                   // max_pool: of windows, and their stride
  std::uint32_t other = 0;                 // add: the step of the other tensor
  std::uint32_t reader = 0;                // bytes: the step of the layer
  DataForm form{};                         // bytes, and what lies around them
  Border border{};
};

class Chain {
 public:
  // Of the tensor of the step `source`, or of what a layer makes of it; null: no layer.
  Chain(std::shared_ptr<Layer> layer, std::uint32_t source)
      : layer_(std::move(layer)), source_(source) {}

  // Whether tensors are images (N C H W); else the last dimension is that of channels.
  bool on_images = false;
  std::vector<Operation> operations;

  Layer* layer() const { return layer_.get(); }
  std::uint32_t source() const { return source_; }
  // The layer's data are bytes that another chain writes for the step `step`.
  std::optional<std::uint32_t> reads_bytes;
  // Fills in registers, and bytes by reader. Throws NoCode.
  void run(std::span<Register> registers, std::vector<DataBytes>& bytes, run::RandomPlace place,
           std::int64_t rows_per_format_call) const;

 private:
  std::shared_ptr<Layer> layer_;
  std::uint32_t source_ = 0;
};

}  // namespace lathe::engine::integer
