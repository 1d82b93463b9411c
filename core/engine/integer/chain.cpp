#include "core/engine/integer/chain.hpp"

#include <ATen/Parallel.h>

#include <algorithm>

namespace lathe::engine::integer {

namespace {

using Kind = Operation::Kind;

// Floats of a piece: with those of a format beside them they fit the first cache.
constexpr std::int64_t kPiece = 4096;

// Positions of a tensor, in rows of images or one by one.
struct Extents {
  std::int64_t rows = 0, height = 1, width = 1, channels = 1;
  std::int64_t positions() const { return height * width; }  // of a row
};

// The memory of a tensor as positions x channels.
at::Tensor laid_out(const at::Tensor& x, bool on_images) {
  if (!on_images) return x.contiguous();
  if (x.dim() == 3) return x.permute({0, 2, 1}).contiguous();
  return x.contiguous(at::MemoryFormat::ChannelsLast);
}

// A tensor whose memory is laid out like that.
at::Tensor new_floats(const at::DimVector& sizes, bool on_images) {
  if (!on_images) return at::empty(sizes, at::kFloat);
  if (sizes.size() == 3)
    return at::empty({sizes[0], sizes[2], sizes[1]}, at::kFloat).permute({0, 2, 1});
  return at::empty(sizes, at::kFloat, c10::nullopt, c10::nullopt, c10::nullopt,
                   at::MemoryFormat::ChannelsLast);
}

// What operations read and write, whole.
struct Target {
  const float* other = nullptr;  // add
  at::Tensor held;               // that memory, or the floats written
  float* floats = nullptr;
  DataBytes* bytes = nullptr;
};

class Run {
 public:
  Run(const Chain& chain, at::DimVector sizes, std::span<Register> registers,
      std::vector<DataBytes>& bytes)
      : chain_(chain) {
    if (chain.on_images) {
      extents_ = {sizes[0], sizes.size() == 4 ? sizes[2] : 1, sizes.back(), sizes[1]};
    } else {
      extents_.channels = sizes.back();
      extents_.rows = c10::multiply_integers(sizes) / std::max<std::int64_t>(sizes.back(), 1);
    }
    for (const Operation& operation : chain.operations) {
      Target& target = targets_.emplace_back();
      switch (operation.kind) {
        case Kind::max_pool:
          pool_ = operation.size;
          sizes[2] /= pool_;
          sizes[3] /= pool_;
          break;
        case Kind::add:
          target.held = laid_out(registers[operation.other].tensor, chain.on_images);
          target.other = target.held.data_ptr<float>();
          break;
        case Kind::floats:
          target.held = new_floats(sizes, chain.on_images);
          target.floats = target.held.data_ptr<float>();
          break;
        case Kind::bytes: {
          const Levels& levels = operation.form.levels;
          DataBytes& out = bytes[operation.reader];
          out = DataBytes({levels.low, levels.high}, sizes,
                          chain.on_images ? Order::channels_second : Order::channels_last,
                          operation.border);
          out.scale = levels.scale;
          target.bytes = &out;
          break;
        }
        default:
          break;
      }
    }
  }

  const Extents& extents() const { return extents_; }

  // Results that are floats. Those of one dimension as LibTorch's own kernels leave them.
  void hand_over(std::span<Register> registers) const {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const at::Tensor& made = targets_[i].held;
      if (chain_.operations[i].kind != Kind::floats) continue;
      registers[chain_.operations[i].step].tensor = made.dim() == 4 ? made : made.contiguous();
    }
  }

  // Rows [first, first + count), of which `piece(position, positions, into)` makes the floats:
  // positions count from the first of those rows.
  template <typename Piece>
  void rows(std::int64_t first, std::int64_t count, const Piece& piece) const {
    // Of pooled images whole rows of windows.
    const std::int64_t unit = pool_ > 1 ? pool_ * extents_.width : 1;
    const std::int64_t lines =
        pool_ > 1 ? (extents_.height + pool_ - 1) / pool_ : extents_.positions();
    const std::int64_t units = count * lines;
    const std::int64_t fit = std::max<std::int64_t>(kPiece / (unit * extents_.channels), 1);
    const std::int64_t at_once = pool_ > 1 ? 1 : fit;
    at::parallel_for(0, units, 16 * fit, [&](std::int64_t begin, std::int64_t end) {
      std::vector<float> values(static_cast<std::size_t>(at_once * unit * extents_.channels));
      std::vector<float> scratch(values.size());
      for (std::int64_t at = begin; at < end;) {
        std::int64_t position = at, positions = std::min(at_once, end - at);
        if (pool_ > 1) {
          // One row of windows, or what is left of an image.
          const std::int64_t image = at / lines, line = at % lines;
          position = image * extents_.positions() + line * unit;
          positions = std::min(unit, (image + 1) * extents_.positions() - position);
        }
        piece(position, positions, values.data());
        apply(first * extents_.positions() + position, positions, values.data(), scratch.data());
        at += pool_ > 1 ? 1 : positions;
      }
    });
  }

 private:
  void apply(std::int64_t position, std::int64_t positions, float* values, float* scratch) const {
    std::int64_t element = position * extents_.channels;
    std::int64_t count = positions * extents_.channels;
    for (std::size_t i = 0; i < targets_.size() && count > 0; ++i) {
      const Operation& operation = chain_.operations[i];
      const Target& target = targets_[i];
      switch (operation.kind) {
        case Kind::scale_shift:
          scale_shift(values, values, positions, extents_.channels, operation.scale.data(),
                      operation.shift.data());
          break;
        case Kind::clamp:
          clamp(values, values, count, operation.low, operation.high);
          break;
        case Kind::format:
          operation.format->quantize(values, values, {&count, 1}, false, {});
          break;
        case Kind::add: {
          const float* other = target.other + element;
          if (operation.format != nullptr) {
            operation.format->quantize(other, scratch, {&count, 1}, false, {});
            other = scratch;
          }
          add(values, other, values, count);
          break;
        }
        case Kind::floats:
          std::copy(values, values + count, target.floats + element);
          break;
        case Kind::bytes:
          write_levels(operation.form, values, count, scratch, *target.bytes, element);
          break;
        case Kind::max_pool: {
          // Where the windows begin: images have lost what was left over below.
          const std::int64_t image = position / extents_.positions();
          const std::int64_t line = position % extents_.positions() / (pool_ * extents_.width);
          const std::int64_t width = extents_.width / pool_, height = extents_.height / pool_;
          if (positions < pool_ * extents_.width) return;
          max_pool_rows(values, extents_.width, extents_.channels, pool_, scratch);
          positions = width;
          position = (image * height + line) * width;
          count = positions * extents_.channels;
          element = position * extents_.channels;
          std::copy(scratch, scratch + count, values);
          break;
        }
      }
    }
  }

  const Chain& chain_;
  Extents extents_;
  std::int64_t pool_ = 1;
  std::vector<Target> targets_;
};

}  // namespace

void Chain::run(std::span<Register> registers, std::vector<DataBytes>& bytes,
                run::RandomPlace place, std::int64_t rows_per_format_call) const {
  if (layer_ == nullptr) {
    const at::Tensor x = laid_out(registers[source_].tensor, on_images);
    const Run run(*this, at::DimVector(registers[source_].tensor.sizes()), registers, bytes);
    const auto* from = x.data_ptr<float>();
    const std::int64_t channels = run.extents().channels;
    run.rows(
        0, run.extents().rows, [&](std::int64_t position, std::int64_t positions, float* into) {
          std::copy(from + position * channels, from + (position + positions) * channels, into);
        });
    run.hand_over(registers);
    return;
  }
  DataBytes made;
  if (!reads_bytes) made = layer_->bytes_of(registers[source_].tensor, place, rows_per_format_call);
  const DataBytes& x = reads_bytes ? bytes[*reads_bytes] : made;
  const Run run(*this, layer_->result_sizes(x), registers, bytes);
  const std::int64_t rows = x.rows(), each = layer_->positions_of_row(x);
  const std::int64_t at_once = std::min(layer_->rows_at_once(x), rows);
  std::vector<std::int32_t> sums(static_cast<std::size_t>(at_once * each * layer_->channels()));
  for (std::int64_t first = 0; first < rows; first += at_once) {
    const std::int64_t count = std::min(at_once, rows - first);
    layer_->sums(x, first, count, sums.data());
    run.rows(first, count, [&](std::int64_t position, std::int64_t positions, float* into) {
      layer_->finish(x, sums.data() + position * layer_->channels(), first * each + position,
                     positions, into);
    });
  }
  if (reads_bytes) bytes[*reads_bytes] = {};
  run.hand_over(registers);
}

}  // namespace lathe::engine::integer
