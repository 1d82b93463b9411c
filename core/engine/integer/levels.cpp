#include "core/engine/integer/levels.hpp"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lathe::engine::integer {

namespace {

constexpr int kMostBits = 8;
constexpr std::int32_t kFarthest = 255;  // levels fit two bytes up to here
// Scales whose inverse, and whose product with a level, float32 holds as exactly as any.
constexpr double kSmallestScale = 0x1p-100, kLargestScale = 0x1p100;

LevelRange of_table(const std::vector<double>& levels) {
  for (const double level : levels) {
    if (level != std::nearbyint(level)) {
      throw Unfit(fmt::format("have the level {}, which is no whole number", level));
    }
    if (std::abs(level) > kFarthest) {
      throw Unfit(fmt::format("have the level {}; {} is the most", level, kFarthest));
    }
  }
  const auto [low, high] = std::minmax_element(levels.begin(), levels.end());
  return {static_cast<std::int32_t>(*low), static_cast<std::int32_t>(*high)};
}

// Level of every element. REQUIRES: range_of() took the codes.
std::vector<std::int16_t> levels_of(const IntegerCodes& codes) {
  std::vector<std::int16_t> out(codes.codes.size());
  if (!codes.levels.empty()) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<std::int16_t>(codes.levels[static_cast<std::size_t>(codes.codes[i])]);
    }
  } else if (codes.zero_point.size() < 2) {
    const std::int64_t zero = codes.zero_point.empty() ? 0 : codes.zero_point[0];
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<std::int16_t>(codes.codes[i] - zero);
    }
  } else {
    const std::vector<std::size_t> block = codes.block_numbers();
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<std::int16_t>(codes.codes[i] - codes.zero_point[block[i]]);
    }
  }
  return out;
}

// Whether blocks are one for each index of the first dimension, or wider: then the number of those
// blocks that there are; else 0.
std::int64_t blocks_of_first(const IntegerCodes& codes) {
  const Shape blocks = codes.blocks();
  for (std::size_t d = 1; d < blocks.rank(); ++d) {
    if (blocks[d] > 1) return 0;
  }
  if (blocks.rank() == 0 || blocks[0] <= 1) return 1;
  return codes.block[0] == 1 ? blocks[0] : 0;
}

// The same for each index of all dimensions but the last.
std::int64_t blocks_of_rows(const IntegerCodes& codes) {
  const Shape blocks = codes.blocks();
  if (codes.scale.size() <= 1) return 1;
  if (blocks[blocks.rank() - 1] > 1) return 0;
  for (std::size_t d = 0; d + 1 < blocks.rank(); ++d) {
    if (blocks[d] != codes.shape[d]) return 0;
  }
  return static_cast<std::int64_t>(codes.scale.size());
}

std::int64_t blocks_in(const IntegerCodes& codes, Order order) {
  return order == Order::channels_last ? blocks_of_rows(codes) : blocks_of_first(codes);
}

void check_scale(double scale) {
  if (!(scale >= kSmallestScale && scale <= kLargestScale)) {
    throw Unfit(fmt::format("have the scale {}, beyond what floats are exact at", scale));
  }
}

template <typename Call>
IntegerCodes codes_or_unfit(const run::Quantizer& format, const Call& call) {
  if (format.stochastic()) throw Unfit("are drawn at random");
  if (!format.has_codes()) throw Unfit("do not exist");
  try {
    return call();
  } catch (const Error& error) {
    // Some options have none; some go with rows of the graph's number only.
    if (error.code() != LATHE_UNIMPLEMENTED && error.code() != LATHE_INVALID_ARGUMENT) throw;
    throw Unfit(fmt::format("do not exist: {}", error.message()));
  }
}

// Throws NoCode for a NaN.
IntegerCodes codes_or_none(const run::Quantizer& format, const float* x,
                           std::span<const std::int64_t> shape, run::RandomPlace place) {
  try {
    return format.codes(x, shape, place);
  } catch (const Error& error) {
    if (error.code() != LATHE_INVALID_ARGUMENT) throw;
    throw NoCode(error.message());
  }
}

// Why quantized values are no levels: throws NoCode for a NaN, else run_error.
[[noreturn]] void refuse(const DataForm& form, std::span<const float> values, bool is_split) {
  const bool has_nan = std::ranges::any_of(values, [](float q) { return std::isnan(q); });
  if (has_nan) throw NoCode("NaN has no code");
  const auto bad = std::ranges::find_if(values, [&](float q) {
    std::uint8_t one[2];
    return !(is_split
                 ? to_split_bytes(&q, reinterpret_cast<std::int8_t*>(one), one + 1, 1, form.levels)
                 : to_bytes(&q, one, 1, form.levels));
  });
  throw run_error(
      LATHE_INTERNAL,
      fmt::format("number format '{}': quantize() gives {}, which none of its codes stands for "
                  "(levels {} to {} times {}): codes() and quantize() must agree",
                  form.format->format_id(), *bad, form.levels.low, form.levels.high,
                  form.levels.scale));
}

}  // namespace

std::int64_t LevelRange::magnitude_as_data() const {
  // Signed bytes become unsigned ones by adding 128.
  constexpr std::int64_t kSigned = 256;
  if (high - low > kFarthest) return 2 * kSigned;
  switch (parts_of(*this)) {
    case Parts::positive:
      return high;
    case Parts::any:
      return kSigned;
    case Parts::mostly_positive:
      return kSigned + high;
    case Parts::mostly_negative:
      return 2 * kSigned;
  }
  return 2 * kSigned;
}

LevelRange range_of(const IntegerCodes& codes) {
  if (!codes.levels.empty()) return of_table(codes.levels);
  if (codes.width > kMostBits) {
    throw Unfit(fmt::format("have {} bits; {} is the most", codes.width, kMostBits));
  }
  const std::int32_t count = 1 << codes.width;
  const std::int32_t first = codes.is_signed ? -count / 2 : 0;
  std::int64_t least = 0, most = 0;
  if (!codes.zero_point.empty()) {
    const auto [a, b] = std::minmax_element(codes.zero_point.begin(), codes.zero_point.end());
    least = *a;
    most = *b;
  }
  const std::int64_t low = first - most, high = first + count - 1 - least;
  if (low < -kFarthest || high > kFarthest) {
    throw Unfit(fmt::format("have the zero point {}, outside of themselves",
                            low < -kFarthest ? most : least));
  }
  return {static_cast<std::int32_t>(low), static_cast<std::int32_t>(high)};
}

Parts parts_of(LevelRange range) {
  if (range.low >= 0) return Parts::positive;
  if (range.low < -128) return Parts::mostly_negative;
  return range.high > 127 ? Parts::mostly_positive : Parts::any;
}

WeightLevels::WeightLevels(const IntegerCodes& codes) : scale_(codes.scale) {
  range_of(codes);
  if (blocks_of_first(codes) == 0) {
    throw Unfit("have a scale that changes within the sum of one output");
  }
  std::vector<std::int16_t> rest = levels_of(codes);
  const std::int64_t outputs =
      std::max<std::int64_t>(codes.shape.rank() == 0 ? 1 : codes.shape[0], 1);
  const std::size_t row = rest.size() / static_cast<std::size_t>(outputs);
  for (std::size_t o = 0; o < static_cast<std::size_t>(outputs); ++o) {
    std::int64_t sum = 0;
    for (std::size_t i = o * row; i < (o + 1) * row; ++i) sum += std::abs(rest[i]);
    heaviest_ = std::max(heaviest_, sum);
  }
  do {
    std::vector<std::int8_t>& part = parts_.emplace_back(rest.size());
    for (std::size_t i = 0; i < rest.size(); ++i) {
      part[i] = static_cast<std::int8_t>(std::clamp<int>(rest[i], -128, 127));
      rest[i] = static_cast<std::int16_t>(rest[i] - part[i]);
    }
  } while (std::ranges::any_of(rest, [](std::int16_t level) { return level != 0; }));
}

std::shared_ptr<const PackedWeights> WeightLevels::packed(std::size_t part,
                                                          const ByteConvolution& on,
                                                          int largest) const {
  const std::lock_guard lock(mutex_);
  for (const Packed& known : packed_) {
    if (known.part == part && known.largest == largest && on.suits(*known.weights)) {
      return known.weights;
    }
  }
  return packed_.emplace_back(part, largest, on.pack(parts_[part].data(), largest)).weights;
}

DataBytes::DataBytes(LevelRange range, at::IntArrayRef of, Order order, const Border& around)
    : sizes(of), border(around) {
  if (order == Order::channels_second) {
    rows_ = of[0];
    height_ = of.size() == 4 ? of[2] : 1;
    width_ = of.back();
    line_ = width_ * of[1];
  } else {
    rows_ = c10::multiply_integers(of) / std::max<std::int64_t>(of.empty() ? 1 : of.back(), 1);
  }
  std::int64_t elements = c10::multiply_integers(of);
  if (border.any()) {
    elements = rows_ * (height_ + border.before[0] + border.after[0]) *
               (width_ + border.before[1] + border.after[1]) * of[1];
  }
  const auto part = [&](bool is_signed, int largest) {
    const auto type = is_signed ? at::kChar : at::kByte;
    parts.push_back({border.any() ? at::zeros({elements}, type) : at::empty({elements}, type),
                     is_signed, largest});
  };
  switch (parts_of(range)) {
    case Parts::positive:
      part(false, range.high);
      break;
    case Parts::any:
      part(true, std::max(-range.low, range.high));
      break;
    case Parts::mostly_positive:
      part(true, 128);
      part(false, range.high - 127);
      break;
    case Parts::mostly_negative:
      part(true, 128);
      part(true, -128 - range.low);
      break;
  }
}

DataForm static_form(const run::Quantizer& format) {
  const float zero = 0;
  const std::int64_t one = 1;
  const IntegerCodes codes =
      codes_or_unfit(format, [&] { return format.codes(&zero, {&one, 1}, {}); });
  const LevelRange range = range_of(codes);
  if (codes.scale.size() != 1) throw Unfit("have several scales for one element");
  check_scale(codes.scale[0]);
  return {&format, {codes.scale[0], range.low, range.high}};
}

void write_levels(const DataForm& form, const float* x, std::int64_t count, float* scratch,
                  DataBytes& out, std::int64_t first) {
  form.format->quantize(x, scratch, {&count, 1}, false, {});
  auto* bytes = static_cast<std::uint8_t*>(out.parts[0].bytes.data_ptr());
  const bool is_split = out.parts.size() > 1;
  auto* rest = is_split ? static_cast<std::uint8_t*>(out.parts[1].bytes.data_ptr()) : nullptr;
  bool fits = true;
  out.in_lines(first, count, [&](std::int64_t from, std::int64_t piece, std::int64_t to) {
    const float* q = scratch + (from - first);
    const bool all = is_split ? to_split_bytes(q, reinterpret_cast<std::int8_t*>(bytes + to),
                                               rest + to, piece, form.levels)
                              : to_bytes(q, bytes + to, piece, form.levels);
    fits = fits && all;
  });
  if (!fits) refuse(form, {scratch, static_cast<std::size_t>(count)}, is_split);
}

DataBytes static_bytes(const DataForm& form, const at::Tensor& x) {
  constexpr std::int64_t kPiece = 4096;
  DataBytes out({form.levels.low, form.levels.high}, x.sizes(), Order::channels_last, {});
  out.scale = form.levels.scale;
  const auto* from = x.data_ptr<float>();
  at::parallel_for(0, x.numel(), kPiece, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> scratch(kPiece);
    for (std::int64_t at = begin; at < end; at += kPiece) {
      write_levels(form, from + at, std::min(kPiece, end - at), scratch.data(), out, at);
    }
  });
  return out;
}

LevelRange dynamic_range(const run::Quantizer& format, std::span<const std::int64_t> shape,
                         Order order) {
  // Of two rows, whose structure is that of any number: one does not show what all rows share.
  std::vector<std::int64_t> two(shape.begin(), shape.end());
  if (!two.empty()) two[0] = 2;
  const std::vector<float> zeros(static_cast<std::size_t>(c10::multiply_integers(two)));
  const IntegerCodes codes =
      codes_or_unfit(format, [&] { return format.codes(zeros.data(), two, {}); });
  if (blocks_in(codes, order) == 0) throw Unfit("have a scale that changes within a sum");
  const LevelRange range = range_of(codes);
  if (codes.zero_point.empty() || !codes.levels.empty()) return range;
  const std::int32_t most = (1 << codes.width) - 1;
  return {-most, most};
}

DataBytes dynamic_bytes(const run::Quantizer& format, const at::Tensor& x, Order order,
                        const Border& border, run::RandomPlace place, std::int64_t rows) {
  const at::Tensor in = x.contiguous();
  const std::int64_t total = in.dim() == 0 ? 1 : in.size(0);
  const bool whole = format.rows_apart() || rows <= 0 || in.dim() == 0;
  const std::int64_t at_once = whole ? total : rows;
  const std::int64_t row = in.numel() / total;
  // Positions, or rows where a position's channels do not lie together.
  const std::int64_t scales = order == Order::channels_last ? in.numel() / in.size(-1) : total;
  at::Tensor levels = at::empty(in.sizes(), at::kShort);
  std::vector<double> row_scale;
  LevelRange range{0, 0};
  for (std::int64_t first = 0; first < total; first += at_once) {
    std::vector<std::int64_t> part(in.sizes().begin(), in.sizes().end());
    const std::int64_t count = std::min(at_once, total - first);
    if (!part.empty()) part[0] = count;
    const IntegerCodes codes =
        codes_or_none(format, in.data_ptr<float>() + first * row, part, place);
    const LevelRange found = range_of(codes);
    range = {std::min(range.low, found.low), std::max(range.high, found.high)};
    const std::int64_t blocks = blocks_in(codes, order);
    if (blocks == 0) throw NoCode("its scale changes within a sum");
    const std::vector<std::int16_t> made = levels_of(codes);
    std::copy(made.begin(), made.end(), levels.data_ptr<std::int16_t>() + first * row);
    const std::int64_t mine = scales / total * count;
    for (std::int64_t i = 0; i < mine; ++i) {
      row_scale.push_back(codes.scale[static_cast<std::size_t>(i * blocks / mine)]);
    }
  }
  if (range.high - range.low > kFarthest) throw NoCode("its zero points are too far apart");
  DataBytes out(range, in.sizes(), order, border);
  out.row_scale = std::move(row_scale);
  if (order == Order::channels_second) {
    levels = in.dim() == 4 ? levels.permute({0, 2, 3, 1}) : levels.permute({0, 2, 1});
  }
  levels = levels.reshape({-1});
  const bool is_signed = out.parts[0].is_signed;
  const at::Tensor near =
      (is_signed ? levels.clamp(-128, 127) : levels).to(is_signed ? at::kChar : at::kByte);
  std::vector<at::Tensor> parts{near};
  if (out.parts.size() > 1) parts.push_back((levels - near).to(out.parts[1].bytes.scalar_type()));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto* made = static_cast<const std::uint8_t*>(parts[i].data_ptr());
    auto* bytes = static_cast<std::uint8_t*>(out.parts[i].bytes.data_ptr());
    out.in_lines(0, in.numel(), [&](std::int64_t from, std::int64_t piece, std::int64_t to) {
      std::copy(made + from, made + from + piece, bytes + to);
    });
  }
  return out;
}

}  // namespace lathe::engine::integer
