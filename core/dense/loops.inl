// Loops over batches of rows, as many lanes at a time as the compiler's target has. Included by one
// file per target, inside a namespace of its own. Sums run over lanes in a fixed order, so that a
// machine gives the same numbers every time.

#if defined(__AVX2__)
constexpr std::size_t kLanes = 8;
using Lanes = float __attribute__((vector_size(32)));
// The same lanes in memory, at any address.
using Unaligned = float __attribute__((vector_size(32), aligned(4), may_alias));
inline float sum_of(Lanes v) {
  return ((v[0] + v[4]) + (v[1] + v[5])) + ((v[2] + v[6]) + (v[3] + v[7]));
}
#else
constexpr std::size_t kLanes = 4;
using Lanes = float __attribute__((vector_size(16)));
using Unaligned = float __attribute__((vector_size(16), aligned(4), may_alias));
inline float sum_of(Lanes v) { return (v[0] + v[1]) + (v[2] + v[3]); }
#endif

inline Lanes load(const float* p) { return *reinterpret_cast<const Unaligned*>(p); }
inline void store(float* p, Lanes v) { *reinterpret_cast<Unaligned*>(p) = v; }

static void linear(Layout at, const float* x, std::size_t in, const float* weight,
                   const float* bias, std::size_t out, float* y) {
  const std::size_t n = at.rows, stride = at.stride;
  const std::size_t whole = n - n % (2 * kLanes);
  std::size_t o = 0;
  for (; o + 4 <= out; o += 4) {
    const float* w0 = weight + o * in;
    const float* w1 = w0 + in;
    const float* w2 = w1 + in;
    const float* w3 = w2 + in;
    const Lanes zero{};
    const Lanes b0 = bias == nullptr ? zero : zero + bias[o];
    const Lanes b1 = bias == nullptr ? zero : zero + bias[o + 1];
    const Lanes b2 = bias == nullptr ? zero : zero + bias[o + 2];
    const Lanes b3 = bias == nullptr ? zero : zero + bias[o + 3];
    for (std::size_t r = 0; r < whole; r += 2 * kLanes) {
      Lanes s0 = b0, t0 = b0, s1 = b1, t1 = b1, s2 = b2, t2 = b2, s3 = b3, t3 = b3;
      for (std::size_t i = 0; i < in; ++i) {
        const Lanes u = load(x + i * stride + r);
        const Lanes v = load(x + i * stride + r + kLanes);
        s0 += u * w0[i];
        t0 += v * w0[i];
        s1 += u * w1[i];
        t1 += v * w1[i];
        s2 += u * w2[i];
        t2 += v * w2[i];
        s3 += u * w3[i];
        t3 += v * w3[i];
      }
      float* to = y + o * stride + r;
      store(to, s0);
      store(to + kLanes, t0);
      store(to + stride, s1);
      store(to + stride + kLanes, t1);
      store(to + 2 * stride, s2);
      store(to + 2 * stride + kLanes, t2);
      store(to + 3 * stride, s3);
      store(to + 3 * stride + kLanes, t3);
    }
  }
  for (; o < out; ++o) {
    const float* w = weight + o * in;
    const Lanes zero{};
    const Lanes b = bias == nullptr ? zero : zero + bias[o];
    for (std::size_t r = 0; r < whole; r += 2 * kLanes) {
      Lanes s = b, t = b;
      for (std::size_t i = 0; i < in; ++i) {
        s += load(x + i * stride + r) * w[i];
        t += load(x + i * stride + r + kLanes) * w[i];
      }
      store(y + o * stride + r, s);
      store(y + o * stride + r + kLanes, t);
    }
  }
  for (o = 0; o < out && whole < n; ++o) {
    for (std::size_t r = whole; r < n; ++r) {
      float sum = bias == nullptr ? 0.0F : bias[o];
      for (std::size_t i = 0; i < in; ++i) sum += x[i * stride + r] * weight[o * in + i];
      y[o * stride + r] = sum;
    }
  }
}

static void linear_gradients(Layout at, const float* x, std::size_t in, const float* dy,
                             std::size_t out, float* dweight, float* dbias) {
  const std::size_t n = at.rows, stride = at.stride;
  const std::size_t whole = n - n % kLanes;
  for (std::size_t o = 0; o < out; ++o) {
    const float* g = dy + o * stride;
    float* dw = dweight + o * in;
    std::size_t i = 0;
    for (; i + 4 <= in; i += 4) {
      const float* x0 = x + i * stride;
      const float* x1 = x0 + stride;
      const float* x2 = x1 + stride;
      const float* x3 = x2 + stride;
      Lanes s0{}, s1{}, s2{}, s3{};
      for (std::size_t r = 0; r < whole; r += kLanes) {
        const Lanes v = load(g + r);
        s0 += v * load(x0 + r);
        s1 += v * load(x1 + r);
        s2 += v * load(x2 + r);
        s3 += v * load(x3 + r);
      }
      float sum0 = sum_of(s0), sum1 = sum_of(s1), sum2 = sum_of(s2), sum3 = sum_of(s3);
      for (std::size_t r = whole; r < n; ++r) {
        sum0 += g[r] * x0[r];
        sum1 += g[r] * x1[r];
        sum2 += g[r] * x2[r];
        sum3 += g[r] * x3[r];
      }
      dw[i] += sum0;
      dw[i + 1] += sum1;
      dw[i + 2] += sum2;
      dw[i + 3] += sum3;
    }
    for (; i < in; ++i) {
      Lanes s{};
      for (std::size_t r = 0; r < whole; r += kLanes) {
        s += load(g + r) * load(x + i * stride + r);
      }
      float sum = sum_of(s);
      for (std::size_t r = whole; r < n; ++r) sum += g[r] * x[i * stride + r];
      dw[i] += sum;
    }
    if (dbias == nullptr) continue;
    Lanes s{};
    for (std::size_t r = 0; r < whole; r += kLanes) s += load(g + r);
    float sum = sum_of(s);
    for (std::size_t r = whole; r < n; ++r) sum += g[r];
    dbias[o] += sum;
  }
}

static void transpose(const float* in, std::size_t rows, std::size_t in_stride, std::size_t columns,
                      float* out, std::size_t out_stride) {
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = 0; r < rows; ++r) out[c * out_stride + r] = in[r * in_stride + c];
  }
}

static void batch_norm(Layout at, const float* x, std::size_t features, const float* weight,
                       const float* bias, float eps, Statistics* statistics, float* y) {
  const std::size_t n = at.rows;
  const std::size_t whole = n - n % kLanes;
  const auto count = static_cast<float>(n);
  for (std::size_t f = 0; f < features; ++f) {
    const float* from = x + f * at.stride;
    float* to = y + f * at.stride;
    Lanes s{};
    for (std::size_t r = 0; r < whole; r += kLanes) s += load(from + r);
    float sum = sum_of(s);
    for (std::size_t r = whole; r < n; ++r) sum += from[r];
    const float mean = sum / count;
    Lanes squares{};
    for (std::size_t r = 0; r < whole; r += kLanes) {
      const Lanes d = load(from + r) - mean;
      squares += d * d;
    }
    float square = sum_of(squares);
    for (std::size_t r = whole; r < n; ++r) square += (from[r] - mean) * (from[r] - mean);
    const float variance = square / count;
    const float inverse = 1.0F / __builtin_sqrtf(variance + eps);
    statistics[f] = {mean, variance, inverse};
    const float scale = inverse * weight[f];
    const float shift = bias[f];
    for (std::size_t r = 0; r < n; ++r) to[r] = (from[r] - mean) * scale + shift;
  }
}

static void batch_norm_gradients(Layout at, const float* x, std::size_t features,
                                 const float* weight, const Statistics* statistics, const float* dy,
                                 float* dweight, float* dbias, float* dx) {
  const std::size_t n = at.rows;
  const std::size_t whole = n - n % kLanes;
  const auto count = static_cast<float>(n);
  for (std::size_t f = 0; f < features; ++f) {
    const float* from = x + f * at.stride;
    const float* g = dy + f * at.stride;
    const float mean = statistics[f].mean, inverse = statistics[f].inverse;
    Lanes s{}, p{};
    for (std::size_t r = 0; r < whole; r += kLanes) {
      const Lanes v = load(g + r);
      s += v;
      p += v * (load(from + r) - mean);
    }
    float sum = sum_of(s), product = sum_of(p);
    for (std::size_t r = whole; r < n; ++r) {
      sum += g[r];
      product += g[r] * (from[r] - mean);
    }
    dweight[f] += product * inverse;
    dbias[f] += sum;
    if (dx == nullptr) continue;
    // Ioffe and Szegedy, "Batch normalization", 2015, section 3.
    const float scale = weight[f] * inverse;
    const float average = sum / count;
    const float slope = product * inverse * inverse / count;
    float* to = dx + f * at.stride;
    for (std::size_t r = 0; r < n; ++r) {
      to[r] = (g[r] - average - (from[r] - mean) * slope) * scale;
    }
  }
}

static void scale_and_shift(Layout at, const float* x, std::size_t features, const float* scale,
                            const float* shift, float* y) {
  for (std::size_t f = 0; f < features; ++f) {
    const float* from = x + f * at.stride;
    float* to = y + f * at.stride;
    const float a = scale[f], b = shift[f];
    for (std::size_t r = 0; r < at.rows; ++r) to[r] = from[r] * a + b;
  }
}

static void relu(Layout at, const float* x, std::size_t features, float* y) {
  for (std::size_t f = 0; f < features; ++f) {
    const float* from = x + f * at.stride;
    float* to = y + f * at.stride;
    // NaN stays NaN.
    for (std::size_t r = 0; r < at.rows; ++r) to[r] = from[r] <= 0.0F ? 0.0F : from[r];
  }
}

static void relu_gradient(Layout at, const float* y, std::size_t features, float* dy) {
  for (std::size_t f = 0; f < features; ++f) {
    const float* from = y + f * at.stride;
    float* to = dy + f * at.stride;
    for (std::size_t r = 0; r < at.rows; ++r) to[r] = from[r] > 0.0F ? to[r] : 0.0F;
  }
}

#if defined(__AVX2__)
constexpr const char* kName = "AVX2";
#else
constexpr const char* kName = "default";
#endif

constexpr Kernels kKernels{kName,           linear,     linear_gradients,
                       transpose,       batch_norm, batch_norm_gradients,
                       scale_and_shift, relu,       relu_gradient};
