// Plain loops that the compiler vectorises, for AVX2 and FMA on x86-64. Nothing is included that
// has inline functions: the linker could take them from here for code that runs everywhere.
#include "core/engine/integer/kernels.hpp"

namespace lathe::engine::integer {

bool kernels_run_here() {
#if defined(__AVX2__) && defined(__FMA__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

namespace {

using std::int32_t;
using std::int64_t;
using std::uint32_t;
using std::uint64_t;
using std::uint8_t;

int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// What a loop takes at once: a few short rows, one row, or a part of a long one. The numbers of
// channels are laid out once for a whole piece, so that loops are long however few channels there
// are.
constexpr int64_t kPiece = 256;

struct Piece {
  int64_t row = 0, rows = 0;
  int64_t channel = 0, width = 0;
  int64_t at = 0;  // of the first element in the tensor
  int64_t size() const { return rows * width; }
};

// Calls lay_out(piece), the first of all with these channels, and then loop(piece) for each.
template <class LayOut, class Loop>
void for_each_piece(int64_t positions, int64_t channels, LayOut lay_out, Loop loop) {
  if (positions <= 0 || channels <= 0) return;
  const int64_t parts = (channels + kPiece - 1) / kPiece;
  const int64_t width = parts == 1 ? channels : ((channels + parts - 1) / parts + 7) / 8 * 8;
  int64_t rows = parts == 1 ? kPiece / channels : 1;
  if (rows >= 8) rows -= rows % 8;  // whole vectors
  for (int64_t channel = 0; channel < channels; channel += width) {
    Piece piece{0, smaller(rows, positions), channel, smaller(width, channels - channel), channel};
    lay_out(piece);
    for (; piece.row < positions; piece.row += rows) {
      piece.rows = smaller(rows, positions - piece.row);
      piece.at = piece.row * channels + channel;
      loop(piece);
    }
  }
}

// out = values of the piece's channels, once for each of its rows. Null: 0.
template <class From, class To>
void repeat(const From* values, const Piece& piece, To* __restrict out) {
  for (int64_t i = 0; i < piece.width; ++i) {
    out[i] = values != nullptr ? static_cast<To>(values[piece.channel + i]) : To{0};
  }
  for (int64_t filled = piece.width; filled < piece.size(); filled *= 2) {
    const int64_t n = smaller(filled, piece.size() - filled);
    To* __restrict next = out + filled;
    for (int64_t i = 0; i < n; ++i) next[i] = out[i];
  }
}

// Rounds twice, to double and to float. False if that may differ from rounding once, which is where
// a double lies half-way between floats.
bool finish_twice_rounded(const int32_t* __restrict sums, const double* __restrict scale,
                          const double* __restrict bias, float* __restrict y, int64_t n) {
  uint64_t ties = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double sum = __builtin_fma(static_cast<double>(sums[i]), scale[i], bias[i]);
    y[i] = static_cast<float>(sum);
    const uint64_t below = __builtin_bit_cast(uint64_t, sum) & 0x1fffffff;  // a float's last bit
    ties |= below == 0x10000000 ? ~uint64_t{0} : 0;
  }
  return ties == 0;
}

// Rounds once: the double is rounded to odd, after which rounding to float loses nothing (Boldo and
// Melquiond, Emulation of a FMA and correctly rounded sums, 2008).
void finish_once_rounded(const int32_t* __restrict sums, const double* __restrict scale,
                         const double* __restrict bias, float* __restrict y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const double x = static_cast<double>(sums[i]);
    const double sum = __builtin_fma(x, scale[i], bias[i]);
    // high + low = sum - bias exactly (Knuth's sum of two).
    const double high = sum - bias[i];
    const double part = high - sum;
    const double low = (sum - (high - part)) - (bias[i] + part);
    // Of the sign of what the double lacks. x * scale - high is exact where low is not 0: bias or
    // sum are then far below high, which is x * scale but for a few of its last bits.
    const double lacks = __builtin_fma(x, scale[i], -high) - low;
    const uint64_t bits = __builtin_bit_cast(uint64_t, sum);
    const uint64_t beyond = (bits ^ __builtin_bit_cast(uint64_t, lacks)) >> 63;
    const uint64_t odd = (bits - beyond) | 1;  // towards 0, the last bit set as it is inexact
    const bool inexact = __builtin_islessgreater(lacks, 0.0);
    y[i] = static_cast<float>(__builtin_bit_cast(double, inexact ? odd : bits));
  }
}

// Sums times such scales, or two of them, plus a float are multiples of 2^-149, so that subnormal
// results are exact. Others may lie between subnormal floats, which finish_twice_rounded() misses.
bool subnormals_are_exact(const double* scale, int64_t n) {
  uint64_t small = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double size = __builtin_fabs(scale[i]);
    small |= size >= 0x1p-48 || size == 0 ? 0 : ~uint64_t{0};
  }
  return small == 0;
}

// Calls loop(sums, scale, bias, y, n), with a scale and a bias for each of the sums.
template <class Number, class Loop>
void finish_pieces(const int32_t* sums, float* y, int64_t positions, int64_t channels,
                   const Finish& how, Loop loop) {
  Number scale[kPiece], bias[kPiece];
  for_each_piece(
      positions, channels,
      [&](const Piece& piece) {
        repeat(how.scale, piece, scale);
        repeat(how.bias, piece, bias);
      },
      [&](const Piece& piece) {
        for (int64_t row = 0; row < piece.rows && how.row_scale != nullptr; ++row) {
          const double row_scale = how.row_scale[piece.row + row];
          for (int64_t i = 0; i < piece.width; ++i) {
            const double product = how.scale[piece.channel + i] * row_scale;
            scale[row * piece.width + i] = static_cast<Number>(product);
          }
        }
        loop(sums + piece.at, scale, bias, y + piece.at, piece.size());
      });
}

}  // namespace

void finish(const int32_t* sums, float* y, int64_t positions, int64_t channels, const Finish& how) {
  if (how.in_float) {
    finish_pieces<float>(sums, y, positions, channels, how,
                         [](const int32_t* __restrict from, const float* __restrict scale,
                            const float* __restrict bias, float* __restrict to, int64_t n) {
                           for (int64_t i = 0; i < n; ++i) {
                             to[i] = __builtin_fmaf(static_cast<float>(from[i]), scale[i], bias[i]);
                           }
                         });
    return;
  }
  bool twice = subnormals_are_exact(how.scale, channels) &&
               (how.row_scale == nullptr || subnormals_are_exact(how.row_scale, positions));
  finish_pieces<double>(
      sums, y, positions, channels, how,
      [&](const int32_t* from, const double* scale, const double* bias, float* to, int64_t n) {
        // Where one piece has ties, the others are likely to.
        twice = twice && finish_twice_rounded(from, scale, bias, to, n);
        if (!twice) finish_once_rounded(from, scale, bias, to, n);
      });
}

void scale_shift(const float* x, float* y, int64_t positions, int64_t channels, const float* scale,
                 const float* shift) {
  float scales[kPiece], shifts[kPiece];
  for_each_piece(
      positions, channels,
      [&](const Piece& piece) {
        repeat(scale, piece, scales);
        repeat(shift, piece, shifts);
      },
      [&](const Piece& piece) {
        const float* from = x + piece.at;
        float* to = y + piece.at;
        const int64_t n = piece.size();
        for (int64_t i = 0; i < n; ++i) to[i] = __builtin_fmaf(from[i], scales[i], shifts[i]);
      });
}

void clamp(const float* x, float* y, int64_t count, float low, float high) {
  for (int64_t i = 0; i < count; ++i) {
    const float raised = x[i] < low ? low : x[i];
    y[i] = raised > high ? high : raised;
  }
}

void add(const float* x, const float* other, float* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = x[i] + other[i];
}

namespace {

// Adding it rounds a float below 2^22 to an integer, which the last bits then hold.
constexpr float kRounding = 0x1.8p23F;
constexpr int32_t kLevelZero = 0x4b400000;  // its bits

int32_t bits_of(float x) { return __builtin_bit_cast(int32_t, x); }

// Gives levels, and keeps the least and the greatest of them, and of what values lack.
struct Leveller {
  explicit Leveller(const Levels& levels)
      : scale(static_cast<float>(levels.scale)), inverse(static_cast<float>(1 / levels.scale)) {}
  // The bits of the sum, kLevelZero + level.
  int32_t operator()(float q) {
    const float sum = __builtin_fmaf(q, inverse, kRounding);
    const float value = __builtin_fmaf(sum - kRounding, scale, 0.0F);
    const int32_t level = bits_of(sum);
    // In units of the last place, as the bits of floats count them; both plus 0, which is not -0.
    const int32_t off = static_cast<int32_t>(static_cast<uint32_t>(bits_of(q + 0.0F)) -
                                             static_cast<uint32_t>(bits_of(value)));
    low = level < low ? level : low;
    high = level > high ? level : high;
    below = off < below ? off : below;
    above = off > above ? off : above;
    return level;
  }
  bool within(const Levels& levels) const {
    return low >= kLevelZero + levels.low && high <= kLevelZero + levels.high && below >= -8 &&
           above <= 8;
  }
  float scale, inverse;
  int32_t low = INT32_MAX, high = INT32_MIN, below = 0, above = 0;
};

}  // namespace

bool to_bytes(const float* q, uint8_t* bytes, int64_t count, const Levels& levels) {
  Leveller level_of(levels);
  const float* __restrict from = q;
  uint8_t* __restrict to = bytes;
  for (int64_t i = 0; i < count; ++i) to[i] = static_cast<uint8_t>(level_of(from[i]));
  return level_of.within(levels);
}

bool to_split_bytes(const float* q, std::int8_t* first, uint8_t* second, int64_t count,
                    const Levels& levels) {
  Leveller level_of(levels);
  const float* __restrict from = q;
  std::int8_t* __restrict to = first;
  uint8_t* __restrict rest = second;
  for (int64_t i = 0; i < count; ++i) {
    const int32_t level = level_of(from[i]);
    const int32_t raised = level < kLevelZero - 128 ? kLevelZero - 128 : level;
    const int32_t limited = raised > kLevelZero + 127 ? kLevelZero + 127 : raised;
    to[i] = static_cast<std::int8_t>(limited);
    rest[i] = static_cast<uint8_t>(static_cast<uint8_t>(level) - static_cast<uint8_t>(limited));
  }
  return level_of.within(levels);
}

void max_pool_rows(const float* x, int64_t columns, int64_t channels, int64_t size, float* y) {
  const auto larger = [](float max, float value) {
    return value > max || value != value ? value : max;
  };
  const int64_t row = columns * channels;
  for (int64_t column = 0; column + size <= columns; column += size) {
    const float* __restrict window = x + column * channels;
    float* __restrict to = y + column / size * channels;
    if (size == 2) {
      for (int64_t c = 0; c < channels; ++c) {
        const float above = larger(window[c], window[channels + c]);
        to[c] = larger(larger(above, window[row + c]), window[row + channels + c]);
      }
      continue;
    }
    for (int64_t c = 0; c < channels; ++c) to[c] = window[c];
    for (int64_t i = 1; i < size * size; ++i) {
      const float* __restrict from = window + i / size * row + i % size * channels;
      for (int64_t c = 0; c < channels; ++c) to[c] = larger(to[c], from[c]);
    }
  }
}

}  // namespace lathe::engine::integer
