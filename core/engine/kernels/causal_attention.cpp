// Plain loops, compiled for AVX2 and FMA on x86-64. Nothing is included that has inline functions:
// the linker could take them from here for code that runs everywhere.
#include "core/engine/kernels/causal_attention.hpp"

namespace lathe::engine {

bool causal_attention_runs_here() {
#if defined(__AVX2__) && defined(__FMA__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return true;
#endif
}

namespace {

using std::int64_t;

constexpr int64_t kLanes = 8;
using Lanes = float __attribute__((vector_size(32)));
using Bits = std::int32_t __attribute__((vector_size(32)));
// The same lanes in memory, at any address.
using Unaligned = float __attribute__((vector_size(32), aligned(4), may_alias));

constexpr int64_t kQueries = 4;        // at once
constexpr int64_t kTile = 2 * kLanes;  // keys or values at once
constexpr int64_t kStepsAhead = 64;    // queries' numbers that are laid out at once

inline Lanes load(const float* p) { return *reinterpret_cast<const Unaligned*>(p); }
inline void store(float* p, Lanes v) { *reinterpret_cast<Unaligned*>(p) = v; }
inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t in_tiles(int64_t count) { return (count + kTile - 1) / kTile * kTile; }

// exp(x) of x <= 0: x = n log 2 + r with |r| <= log(2) / 2, and a polynomial for exp(r), whose
// coefficients are those of the Cephes library's expf. 0 below e^-87; a NaN comes through.
inline Lanes exp_of(Lanes x) {
  constexpr float kShift = 12582912.0F;  // 1.5 * 2^23: what is added to it has no fraction
  const Lanes shifted = x * 1.44269504088896341F + kShift;
  const Lanes n = shifted - kShift;
  // log 2 in two parts; the first has so few digits that its multiples are exact.
  const Lanes r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  Lanes y = r * 1.9875691500E-4F + 1.3981999507E-3F;
  y = y * r + 8.3334519073E-3F;
  y = y * r + 4.1665795894E-2F;
  y = y * r + 1.6666665459E-1F;
  y = y * r + 5.0000001201E-1F;
  y = y * (r * r) + r + 1.0F;
  const Lanes power = (Lanes)(((Bits)shifted + 127) << 23);
  return x < -87.0F ? Lanes{} : y * power;
}

struct Block {
  const float* rows[kQueries];  // the queries; the last one again where there are fewer
  int64_t width;
};

// scores[r][j] = scale * query r . key j for j below `count`, whole tiles. `keys`: [width][stride].
void score(const Block& queries, float scale, const float* keys, int64_t stride, int64_t count,
           float* scores) {
  float scaled[kStepsAhead][kQueries];
  for (int64_t first = 0; first < queries.width; first += kStepsAhead) {
    const int64_t steps = smaller(kStepsAhead, queries.width - first);
    for (int64_t r = 0; r < kQueries; ++r) {
      for (int64_t d = 0; d < steps; ++d) scaled[d][r] = queries.rows[r][first + d] * scale;
    }
    for (int64_t j = 0; j < count; j += kTile) {
      Lanes s[kQueries] = {}, t[kQueries] = {};
      for (int64_t r = 0; r < kQueries && first > 0; ++r) {
        s[r] = load(scores + r * stride + j);
        t[r] = load(scores + r * stride + j + kLanes);
      }
      const float* key = keys + first * stride + j;
      for (int64_t d = 0; d < steps; ++d, key += stride) {
        const Lanes u = load(key), v = load(key + kLanes);
        for (int64_t r = 0; r < kQueries; ++r) {
          s[r] += u * scaled[d][r];
          t[r] += v * scaled[d][r];
        }
      }
      for (int64_t r = 0; r < kQueries; ++r) {
        store(scores + r * stride + j, s[r]);
        store(scores + r * stride + j + kLanes, t[r]);
      }
    }
  }
}

// Scores become what the softmax divides by the number returned; those from `seen` on become 0.
// `count`: whole tiles.
float exponentiate(float* scores, int64_t seen, int64_t count) {
  for (int64_t j = seen; j < count; ++j) scores[j] = -__builtin_inff();
  Lanes most = load(scores);
  for (int64_t j = kLanes; j < count; j += kLanes) {
    const Lanes x = load(scores + j);
    most = x > most ? x : most;
  }
  float top = most[0];
  for (int64_t lane = 1; lane < kLanes; ++lane) top = most[lane] > top ? most[lane] : top;
  Lanes sum{};
  for (int64_t j = 0; j < count; j += kLanes) {
    const Lanes e = exp_of(load(scores + j) - top);
    store(scores + j, e);
    sum += e;
  }
  return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

// y[r] = factor[r] * sum over j < seen of weights[r][j] * values[j], for the first `rows` queries.
void weigh(const float* weights, int64_t stride, const float* factors, const HeadRows& values,
           int64_t seen, float* y, int64_t y_stride, int64_t rows) {
  int64_t c = 0;
  for (; c + kTile <= values.width; c += kTile) {
    Lanes s[kQueries] = {}, t[kQueries] = {};
    const float* value = values.data + c;
    for (int64_t j = 0; j < seen; ++j, value += values.stride) {
      const Lanes u = load(value), v = load(value + kLanes);
      for (int64_t r = 0; r < kQueries; ++r) {
        s[r] += u * weights[r * stride + j];
        t[r] += v * weights[r * stride + j];
      }
    }
    for (int64_t r = 0; r < rows; ++r) {
      store(y + r * y_stride + c, s[r] * factors[r]);
      store(y + r * y_stride + c + kLanes, t[r] * factors[r]);
    }
  }
  for (; c < values.width; ++c) {
    for (int64_t r = 0; r < rows; ++r) {
      float sum = 0;
      for (int64_t j = 0; j < seen; ++j) sum += weights[r * stride + j] * values.row(j)[c];
      y[r * y_stride + c] = sum * factors[r];
    }
  }
}

}  // namespace

int64_t causal_attention_scratch(const HeadRows& keys) {
  return (keys.width + kQueries) * in_tiles(keys.count);
}

void causal_attention(const HeadRows& queries, const HeadRows& keys, const HeadRows& values,
                      float scale, float* y, int64_t y_stride, float* scratch) {
  const int64_t stride = in_tiles(keys.count);
  float* turned = scratch;  // keys, [width][stride]
  float* scores = scratch + keys.width * stride;
  for (int64_t j = 0; j < stride; ++j) {
    const float* key = keys.row(smaller(j, keys.count - 1));
    for (int64_t d = 0; d < keys.width; ++d) turned[d * stride + j] = key[d];
  }
  for (int64_t first = 0; first < queries.count; first += kQueries) {
    const int64_t rows = smaller(kQueries, queries.count - first);
    const int64_t seen = smaller(first + rows, keys.count);
    Block block{{}, queries.width};
    for (int64_t r = 0; r < kQueries; ++r)
      block.rows[r] = queries.row(first + smaller(r, rows - 1));
    score(block, scale, turned, stride, in_tiles(seen), scores);
    float factors[kQueries] = {};
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t of_row = smaller(first + r + 1, keys.count);
      factors[r] = 1.0F / exponentiate(scores + r * stride, of_row, in_tiles(seen));
    }
    weigh(scores, stride, factors, values, seen, y + first * y_stride, y_stride, rows);
  }
}

}  // namespace lathe::engine
