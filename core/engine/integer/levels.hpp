// Levels of number formats, the whole numbers that their scale is multiplied with, as bytes: which
// formats have them, and those of weights and of data. Knows nothing about nodes.
#pragma once

#include "core/engine/integer/kernels.hpp"
#include "core/engine/integer/onednn.hpp"
#include "core/run/quantizer.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <stdexcept>

namespace lathe::engine::integer {

// Why something stays on floats, eg: "codes of its weight have 16 bits; 8 is the most".
struct Unfit : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Thrown while running: these rows hold what has no code, and run on floats.
struct NoCode : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Lowest and highest level of codes. Throws Unfit, as "codes have ...", if they fit no bytes.
struct LevelRange {
  std::int32_t low = 0, high = 0;
  // Of the bytes that stand for them, as oneDNN adds them up: it shifts signed data.
  std::int64_t magnitude_as_data() const;
  std::int64_t magnitude() const { return std::max(-std::int64_t{low}, std::int64_t{high}); }
};
LevelRange range_of(const IntegerCodes& codes);

// Levels of a weight: of each output a row, the outputs along the first dimension.
class WeightLevels {
 public:
  // Throws Unfit if a scale is shared by other elements than those of outputs.
  explicit WeightLevels(const IntegerCodes& codes);

  // The levels are the sum of the parts.
  std::size_t parts() const { return parts_.size(); }
  // A part for a kernel, and data up to that magnitude.
  std::shared_ptr<const PackedWeights> packed(std::size_t part, const ByteConvolution& on,
                                              int largest) const;
  double scale(std::size_t output) const { return scale_.size() == 1 ? scale_[0] : scale_[output]; }
  // The largest sum of magnitudes over an output.
  std::int64_t heaviest() const { return heaviest_; }
  std::uint64_t bytes() const { return 2 * parts_.size() * parts_[0].size() + 8 * scale_.size(); }

 private:
  std::vector<std::vector<std::int8_t>> parts_;
  std::vector<double> scale_;  // of each output, or one for all
  std::int64_t heaviest_ = 0;
  mutable std::mutex mutex_;
  struct Packed {
    std::size_t part = 0;
    int largest = 0;
    std::shared_ptr<const PackedWeights> weights;
  };
  mutable std::vector<Packed> packed_;
};

// A format on data whose levels are the same whichever elements a call sees.
struct DataForm {
  const run::Quantizer* format = nullptr;
  Levels levels;
};

// What the bytes of a tensor are in memory; level 0 is the byte 0 in each.
enum class Parts : std::uint8_t {
  positive,         // uint8
  any,              // int8
  mostly_positive,  // int8, and what is above it as uint8
  mostly_negative,  // int8, and what is below it as int8
};
// REQUIRES: a range of at most 256 levels.
Parts parts_of(LevelRange range);

// How the elements of a tensor become positions x channels.
enum class Order : std::uint8_t { channels_last, channels_second };

// Lines and columns of zeros around images.
struct Border {
  std::array<std::int64_t, 2> before{0, 0}, after{0, 0};
  bool any() const { return before[0] + before[1] + after[0] + after[1] > 0; }
};

// Levels of data: positions x channels, dense but for a border that lies around them in memory.
struct DataBytes {
  struct Part {
    at::Tensor bytes;
    bool is_signed = false;
    int largest = 255;  // magnitude of its bytes
  };
  DataBytes() = default;
  // `sizes` of the tensor: N C H W, N C L, or channels last.
  DataBytes(LevelRange range, at::IntArrayRef sizes, Order order, const Border& border);

  std::int64_t rows() const { return rows_; }  // images, or positions
  // Calls run(first, count, to) for pieces of the elements [first, first + count) that lie together
  // in memory, from the byte `to` on.
  template <typename Run>
  void in_lines(std::int64_t first, std::int64_t count, const Run& run) const {
    if (!border.any()) return run(first, count, first);
    for (const std::int64_t end = first + count; first < end;) {
      const std::int64_t line = first / line_, within = first % line_;
      const std::int64_t piece = std::min(line_ - within, end - first);
      const std::int64_t row = line / height_ * (height_ + border.before[0] + border.after[0]) +
                               line % height_ + border.before[0];
      run(first, piece,
          (row * (width_ + border.before[1] + border.after[1]) + border.before[1]) *
                  (line_ / width_) +
              within);
      first += piece;
    }
  }

  std::vector<Part> parts;  // the levels are their sum
  double scale = 1;
  std::vector<double> row_scale;  // of each position or row, in place of `scale`; or empty
  at::DimVector sizes;
  Border border;

 private:
  std::int64_t rows_ = 0, height_ = 1, width_ = 1, line_ = 1;  // line: elements of one
};

// What is known of codes of such a format before there are any. Throws Unfit for formats without
// levels that fit.
DataForm static_form(const run::Quantizer& format);
// Levels of `count` floats into elements [first, first + count) of `out`. `scratch` has room for as
// many floats. Throws NoCode for a NaN, and run_error that names the format where what quantize()
// makes is none of its codes.
void write_levels(const DataForm& form, const float* x, std::int64_t count, float* scratch,
                  DataBytes& out, std::int64_t first);
// Of a dense tensor, in the order of its elements.
DataBytes static_bytes(const DataForm& form, const at::Tensor& x);
// The widest that it may have, where they follow from the data; `order` says within what a scale
// may not change.
LevelRange dynamic_range(const run::Quantizer& format, std::span<const std::int64_t> shape,
                         Order order);
// Levels of floats in their natural order, by so many rows at a time. Throws NoCode.
DataBytes dynamic_bytes(const run::Quantizer& format, const at::Tensor& x, Order order,
                        const Border& border, run::RandomPlace place, std::int64_t rows);

}  // namespace lathe::engine::integer
