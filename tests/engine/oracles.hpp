// What the tests of ops compare with: every op as plain loops in double, written from PyTorch's
// documentation. Knows nothing about the engine.
#pragma once

#include "tests/engine/engine.hpp"

#include <functional>
#include <map>

namespace lathe_test {

// A tensor in double with its shape: what the oracles compute on.
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<double> data;
  double& at(std::initializer_list<std::int64_t> index) { return data[offset(index)]; }
  double at(std::initializer_list<std::int64_t> index) const { return data[offset(index)]; }
  std::int64_t size(std::size_t d) const { return shape[d]; }

 private:
  std::size_t offset(std::initializer_list<std::int64_t> index) const {
    std::int64_t out = 0;
    std::size_t d = 0;
    for (std::int64_t i : index) out = out * shape[d++] + i;
    return static_cast<std::size_t>(out);
  }
};

inline Array zeros(std::vector<std::int64_t> shape) {
  std::int64_t n = 1;
  for (std::int64_t extent : shape) n *= extent;
  return {std::move(shape), std::vector<double>(static_cast<std::size_t>(n))};
}

// Values that are distinct, of both signs and away from the kinks of activations.
inline Array example(std::vector<std::int64_t> shape, int salt) {
  Array out = zeros(std::move(shape));
  std::uint64_t state = static_cast<std::uint64_t>(salt) * 7919U + 17U;
  for (double& x : out.data) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const double u = static_cast<double>(state >> 11) / 9007199254740992.0;
    x = std::round((u * 8.0 - 4.0) * 64.0) / 64.0 + 1.0 / 256.0;
  }
  return out;
}

inline Tensor as_tensor(const Array& array) {
  return floats(Shape(array.shape), std::vector<float>(array.data.begin(), array.data.end()));
}

using Oracle = std::function<Array(const std::vector<Array>& inputs,
                                   const std::map<std::string, Array>& parameters)>;

// Expects y = f(x) element by element.
inline Oracle each(const std::function<double(double)>& f) {
  return [f](const std::vector<Array>& in, const auto&) {
    Array out = in[0];
    for (double& x : out.data) x = f(x);
    return out;
  };
}

struct Geometry {
  std::int64_t kernel = 1, stride = 1, padding = 0, dilation = 1, groups = 1;
};

// Convolution of [N, C, H, W]; one-dimensional ones come as [N, C, 1, L] with kernels of height 1.
inline Array convolve(const Array& x, const Array& w, const Array* bias, Geometry h, Geometry v) {
  auto extent = [](std::int64_t in, std::int64_t k, const Geometry& g) {
    return (in + 2 * g.padding - g.dilation * (k - 1) - 1) / g.stride + 1;
  };
  const std::int64_t out_channels = w.size(0), per_group = w.size(1);
  const std::int64_t channels_per_group = out_channels / h.groups;
  Array y = zeros(
      {x.size(0), out_channels, extent(x.size(2), w.size(2), v), extent(x.size(3), w.size(3), h)});
  for (std::int64_t n = 0; n < y.size(0); ++n)
    for (std::int64_t o = 0; o < out_channels; ++o)
      for (std::int64_t i = 0; i < y.size(2); ++i)
        for (std::int64_t j = 0; j < y.size(3); ++j) {
          double sum = bias != nullptr ? bias->at({o}) : 0.0;
          for (std::int64_t c = 0; c < per_group; ++c)
            for (std::int64_t a = 0; a < w.size(2); ++a)
              for (std::int64_t b = 0; b < w.size(3); ++b) {
                const std::int64_t row = i * v.stride - v.padding + a * v.dilation;
                const std::int64_t column = j * h.stride - h.padding + b * h.dilation;
                if (row < 0 || row >= x.size(2) || column < 0 || column >= x.size(3)) continue;
                const std::int64_t channel = o / channels_per_group * per_group + c;
                sum += w.at({o, c, a, b}) * x.at({n, channel, row, column});
              }
          y.at({n, o, i, j}) = sum;
        }
  return y;
}

inline Array with_shape(Array array, std::vector<std::int64_t> shape) {
  array.shape = std::move(shape);
  return array;
}

inline Oracle convolution_2d(Geometry g, bool bias) {
  return [=](const std::vector<Array>& in, const std::map<std::string, Array>& p) {
    return convolve(in[0], p.at("weight"), bias ? &p.at("bias") : nullptr, g, g);
  };
}

inline Oracle convolution_1d(Geometry g) {
  return [=](const std::vector<Array>& in, const std::map<std::string, Array>& p) {
    const Array& x = in[0];
    const Array& w = p.at("weight");
    Geometry flat;
    flat.groups = g.groups;
    Array y = convolve(with_shape(x, {x.size(0), x.size(1), 1, x.size(2)}),
                       with_shape(w, {w.size(0), w.size(1), 1, w.size(2)}), &p.at("bias"), g, flat);
    return with_shape(y, {y.size(0), y.size(1), y.size(3)});
  };
}

// Each element of the input, times the filters of its group, is added to the result.
inline Oracle transposed_2d(Geometry g, std::int64_t output_padding, bool bias) {
  return [=](const std::vector<Array>& in, const std::map<std::string, Array>& p) {
    const Array& x = in[0];
    const Array& w = p.at("weight");
    const std::int64_t inputs = w.size(0) / g.groups, outputs = w.size(1);
    auto extent = [&](std::int64_t n, std::int64_t k) {
      return (n - 1) * g.stride - 2 * g.padding + g.dilation * (k - 1) + output_padding + 1;
    };
    Array y = zeros({x.size(0), outputs * g.groups, extent(x.size(2), w.size(2)),
                     extent(x.size(3), w.size(3))});
    for (std::int64_t n = 0; n < y.size(0); ++n)
      for (std::int64_t o = 0; o < y.size(1); ++o)
        for (std::int64_t i = 0; i < y.size(2); ++i)
          for (std::int64_t j = 0; j < y.size(3); ++j)
            y.at({n, o, i, j}) = bias ? p.at("bias").at({o}) : 0.0;
    for (std::int64_t n = 0; n < x.size(0); ++n)
      for (std::int64_t c = 0; c < x.size(1); ++c)
        for (std::int64_t i = 0; i < x.size(2); ++i)
          for (std::int64_t j = 0; j < x.size(3); ++j)
            for (std::int64_t o = 0; o < outputs; ++o)
              for (std::int64_t a = 0; a < w.size(2); ++a)
                for (std::int64_t b = 0; b < w.size(3); ++b) {
                  const std::int64_t row = i * g.stride - g.padding + a * g.dilation;
                  const std::int64_t column = j * g.stride - g.padding + b * g.dilation;
                  if (row < 0 || row >= y.size(2) || column < 0 || column >= y.size(3)) continue;
                  y.at({n, c / inputs * outputs + o, row, column}) +=
                      x.at({n, c, i, j}) * w.at({c, o, a, b});
                }
    return y;
  };
}

// Windows of one dimension: [begin, end) inside the input, and how many elements the mean divides
// by.
struct Window {
  std::int64_t begin, end, divisor;
};

inline std::vector<Window> windows(std::int64_t in, Geometry g, bool ceil, bool count_padding) {
  std::vector<Window> out;
  for (std::int64_t start = -g.padding;; start += g.stride) {
    const bool inside = ceil ? start < in && start + g.kernel - g.stride < in + g.padding
                             : start + g.kernel <= in + g.padding;
    if (!inside) break;
    const std::int64_t end = std::min(start + g.kernel, in + g.padding);
    const std::int64_t from = std::max<std::int64_t>(start, 0), to = std::min(start + g.kernel, in);
    out.push_back({from, to, count_padding ? end - start : to - from});
  }
  return out;
}

// Start and end of the i-th of n adaptive windows, as PyTorch's documentation has them.
inline std::vector<Window> adaptive_windows(std::int64_t in, std::int64_t n) {
  std::vector<Window> out;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t begin = i * in / n, end = ((i + 1) * in + n - 1) / n;
    out.push_back({begin, end, end - begin});
  }
  return out;
}

inline Array pool(const Array& x, const std::vector<Window>& rows,
                  const std::vector<Window>& columns, bool max) {
  Array y = zeros({x.size(0), x.size(1), static_cast<std::int64_t>(rows.size()),
                   static_cast<std::int64_t>(columns.size())});
  for (std::int64_t n = 0; n < x.size(0); ++n)
    for (std::int64_t c = 0; c < x.size(1); ++c)
      for (std::size_t i = 0; i < rows.size(); ++i)
        for (std::size_t j = 0; j < columns.size(); ++j) {
          double sum = 0, best = -1e300;
          for (std::int64_t a = rows[i].begin; a < rows[i].end; ++a)
            for (std::int64_t b = columns[j].begin; b < columns[j].end; ++b) {
              sum += x.at({n, c, a, b});
              best = std::max(best, x.at({n, c, a, b}));
            }
          y.at({n, c, static_cast<std::int64_t>(i), static_cast<std::int64_t>(j)}) =
              max ? best : sum / static_cast<double>(rows[i].divisor * columns[j].divisor);
        }
  return y;
}

inline Oracle pool_2d(Geometry g, bool ceil, bool count_padding, bool max) {
  return [=](const std::vector<Array>& in, const auto&) {
    return pool(in[0], windows(in[0].size(2), g, ceil, count_padding),
                windows(in[0].size(3), g, ceil, count_padding), max);
  };
}

inline Oracle pool_1d(Geometry g, bool ceil, bool count_padding, bool max) {
  return [=](const std::vector<Array>& in, const auto&) {
    const Array& x = in[0];
    Array y = pool(with_shape(x, {x.size(0), x.size(1), 1, x.size(2)}), {{0, 1, 1}},
                   windows(x.size(2), g, ceil, count_padding), max);
    return with_shape(y, {y.size(0), y.size(1), y.size(3)});
  };
}

inline Oracle adaptive_2d(std::int64_t rows, std::int64_t columns, bool max) {
  return [=](const std::vector<Array>& in, const auto&) {
    return pool(in[0], adaptive_windows(in[0].size(2), rows),
                adaptive_windows(in[0].size(3), columns), max);
  };
}

inline Oracle adaptive_1d(std::int64_t n, bool max) {
  return [=](const std::vector<Array>& in, const auto&) {
    const Array& x = in[0];
    Array y = pool(with_shape(x, {x.size(0), x.size(1), 1, x.size(2)}), {{0, 1, 1}},
                   adaptive_windows(x.size(2), n), max);
    return with_shape(y, {y.size(0), y.size(1), y.size(3)});
  };
}

// Evaluation mode: running statistics.
inline Array normalise_channels(const std::vector<Array>& in,
                                const std::map<std::string, Array>& p) {
  Array y = in[0];
  std::int64_t inner = 1;
  for (std::size_t d = 2; d < y.shape.size(); ++d) inner *= y.size(d);
  for (std::size_t i = 0; i < y.data.size(); ++i) {
    const std::int64_t c = static_cast<std::int64_t>(i) / inner % y.size(1);
    y.data[i] = (y.data[i] - p.at("running_mean").at({c})) /
                    std::sqrt(p.at("running_var").at({c}) + 1e-5) * p.at("weight").at({c}) +
                p.at("bias").at({c});
  }
  return y;
}

inline Array multiply(const Array& a, const Array& b) {
  const std::int64_t batch = a.size(0), rows = a.size(1), inner = a.size(2), columns = b.size(2);
  Array y = zeros({batch, rows, columns});
  for (std::int64_t n = 0; n < batch; ++n)
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < columns; ++j)
        for (std::int64_t k = 0; k < inner; ++k)
          y.at({n, i, j}) += a.at({n, i, k}) * b.at({n, k, j});
  return y;
}

inline Oracle arithmetic(double (*f)(double, double)) {
  return [f](const std::vector<Array>& in, const auto&) {
    Array out = in[0];
    for (std::size_t i = 0; i < out.data.size(); ++i) {
      out.data[i] = f(in[0].data[i], in[1].data[i % in[1].data.size()]);
    }
    return out;
  };
}

inline Array same(const std::vector<Array>& in, const std::map<std::string, Array>&) {
  return in[0];
}

inline Oracle reshaped(std::vector<std::int64_t> shape) {
  return [=](const std::vector<Array>& in, const auto&) { return with_shape(in[0], shape); };
}

inline Geometry window(std::int64_t kernel, std::int64_t stride, std::int64_t padding,
                       std::int64_t dilation = 1, std::int64_t groups = 1) {
  return {kernel, stride, padding, dilation, groups};
}

}  // namespace lathe_test
