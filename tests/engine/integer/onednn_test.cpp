// oneDNN's sums of products of bytes against plain loops in 64 bits. CTest runs these once more for
// each set of instructions (DNNL_MAX_CPU_ISA); where 16-bit intermediates would saturate, bytes are
// limited so that none does.
#include "core/engine/integer/onednn.hpp"

#include "core/base/error.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

using namespace lathe::engine::integer;

namespace {

using Bytes = std::vector<std::uint8_t>;
using Weights = std::vector<std::int8_t>;
using Sums = std::vector<std::int32_t>;

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }
std::size_t data_size(const ConvolutionShape& s) {
  return size(s.rows * s.height * s.width * s.channels);
}
std::size_t result_size(const ConvolutionShape& s) {
  return size(s.rows * s.out_height() * s.out_width() * s.out_channels);
}

class Draw {
 public:
  explicit Draw(unsigned seed) : random_(seed) {}

  std::int64_t operator()(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[(*this)(0, static_cast<std::int64_t>(values.size()) - 1)];
  }
  bool chance(double p) { return std::bernoulli_distribution(p)(random_); }

  // Two uint8 products of 127 * 128 fit 16 bits. int8 data become uint8 by adding 128; where oneDNN
  // does that it may halve the weights, so that intermediates do not saturate: they are even.
  Bytes data(std::size_t count, bool is_signed, bool extremes = false) {
    const int high = is_signed || instructions().exact ? 255 : 127;
    Bytes out(count);
    for (std::uint8_t& byte : out) {
      const auto value = extremes ? high * (*this)(0, 1) : (*this)(0, high);
      byte = static_cast<std::uint8_t>(is_signed ? value - 128 : value);
    }
    return out;
  }
  Weights weights(std::size_t count, bool is_signed, bool extremes = false) {
    const bool halved = is_signed && !instructions().exact;
    const int low = halved ? -32 : -128, high = halved ? 31 : 127;
    Weights out(count);
    for (std::int8_t& weight : out) {
      const auto value = extremes ? one_of({low, high}) : (*this)(low, high);
      weight = static_cast<std::int8_t>(halved ? 2 * value : value);
    }
    return out;
  }

 private:
  std::mt19937 random_;
};

std::int64_t value(std::uint8_t byte, bool is_signed) {
  return is_signed ? static_cast<std::int8_t>(byte) : std::int64_t{byte};
}

std::int64_t sum_at(const ConvolutionShape& s, const Bytes& x, const Weights& w, std::int64_t row,
                    std::int64_t i, std::int64_t j, std::int64_t filter) {
  const std::int64_t channels = s.channels / s.groups;
  const std::int64_t first = filter / (s.out_channels / s.groups) * channels;
  std::int64_t sum = 0;
  for (std::int64_t a = 0; a < s.kernel[0]; ++a)
    for (std::int64_t b = 0; b < s.kernel[1]; ++b) {
      const std::int64_t y = i * s.stride[0] - s.padding_before[0] + a * s.dilation[0];
      const std::int64_t z = j * s.stride[1] - s.padding_before[1] + b * s.dilation[1];
      if (y < 0 || y >= s.height || z < 0 || z >= s.width) continue;
      const std::int64_t position = (row * s.height + y) * s.width + z;
      for (std::int64_t c = 0; c < channels; ++c) {
        const std::int64_t weight = ((filter * channels + c) * s.kernel[0] + a) * s.kernel[1] + b;
        sum += value(x[size(position * s.channels + first + c)], s.is_signed) * w[size(weight)];
      }
    }
  return sum;
}

Sums expected(const ConvolutionShape& s, const Bytes& x, const Weights& w) {
  Sums out;
  for (std::int64_t row = 0; row < s.rows; ++row)
    for (std::int64_t i = 0; i < s.out_height(); ++i)
      for (std::int64_t j = 0; j < s.out_width(); ++j)
        for (std::int64_t filter = 0; filter < s.out_channels; ++filter) {
          out.push_back(static_cast<std::int32_t>(sum_at(s, x, w, row, i, j, filter)));
        }
  return out;
}

Sums run(const ByteConvolution& convolution, const ConvolutionShape& s, const Bytes& x,
         const PackedWeights& weights) {
  Sums y(result_size(s), -1);
  convolution.run(x.data(), weights, y.data());
  return y;
}

int largest(const ConvolutionShape& s) { return s.is_signed ? 128 : 255; }

std::string text(const ConvolutionShape& s) {
  const auto pair = [](const std::array<std::int64_t, 2>& p) {
    return std::to_string(p[0]) + "," + std::to_string(p[1]);
  };
  return std::to_string(s.rows) + "x" + std::to_string(s.height) + "x" + std::to_string(s.width) +
         "x" + std::to_string(s.channels) + " to " + std::to_string(s.out_channels) + ", groups " +
         std::to_string(s.groups) + ", kernel " + pair(s.kernel) + ", stride " + pair(s.stride) +
         ", dilation " + pair(s.dilation) + ", padding " + pair(s.padding_before) + " and " +
         pair(s.padding_after) + (s.is_signed ? ", int8" : ", uint8");
}

void check(const ConvolutionShape& shape, Draw& draw, bool extremes) {
  const ByteConvolution convolution(shape);
  if (instructions().exact && !convolution.is_exact()) return;
  const Bytes x = draw.data(data_size(shape), shape.is_signed, extremes);
  const Weights w =
      draw.weights(size(shape.out_channels * shape.kernel_size()), shape.is_signed, extremes);
  const auto packed = convolution.pack(w.data(), largest(shape));
  BOOST_CHECK_MESSAGE(run(convolution, shape, x, *packed) == expected(shape, x, w),
                      text(shape) << ": wrong sums by " << convolution.kernel());
}

ConvolutionShape random_shape(Draw& draw) {
  ConvolutionShape s;
  s.is_signed = draw.chance(0.5);
  s.rows = draw(1, 3);
  s.groups = draw.chance(0.4) ? draw.one_of<std::int64_t>({2, 3, 4, 8, 17}) : 1;
  const bool is_depthwise = s.groups > 1 && draw.chance(0.4);
  s.channels = s.groups * (is_depthwise ? 1 : draw.one_of<std::int64_t>({1, 3, 4, 5, 8, 16, 19}));
  s.out_channels = s.groups * (is_depthwise ? 1 : draw.one_of<std::int64_t>({1, 4, 7, 8, 16, 33}));
  const bool is_line = draw.chance(0.2);  // a one-dimensional convolution
  const std::array<std::int64_t, 2> extent{is_line ? 1 : draw(1, 12), draw(1, 12)};
  s.height = extent[0];
  s.width = extent[1];
  for (std::size_t axis = is_line ? 1 : 0; axis < 2; ++axis) {
    s.kernel[axis] = draw.one_of<std::int64_t>({1, 1, 2, 3, 3, 3, 5, 7});
    s.stride[axis] = draw.one_of<std::int64_t>({1, 1, 2, 3});
    s.dilation[axis] = draw.one_of<std::int64_t>({1, 1, 1, 2, 3});
    const std::int64_t window = (s.kernel[axis] - 1) * s.dilation[axis] + 1;
    if (s.is_signed) {  // must not be padded
      (axis == 0 ? s.height : s.width) = std::max(extent[axis], window);
      continue;
    }
    s.padding_before[axis] = draw(0, s.kernel[axis]);
    s.padding_after[axis] = draw.chance(0.7) ? s.padding_before[axis] : draw(0, s.kernel[axis]);
    const std::int64_t padding = s.padding_before[axis] + s.padding_after[axis];
    if (extent[axis] + padding < window) s.padding_after[axis] += window - extent[axis] - padding;
  }
  return s;
}

ConvolutionShape three_by_three(std::int64_t channels, bool is_signed) {
  ConvolutionShape s;
  s.rows = 2;
  s.channels = s.out_channels = channels;
  s.height = s.width = 6;
  s.kernel = {3, 3};
  if (!is_signed) s.padding_before = s.padding_after = {1, 1};
  s.is_signed = is_signed;
  return s;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(onednn)

BOOST_AUTO_TEST_CASE(instructions_are_exact_where_bytes_are_multiplied_into_32_bits) {
  const std::string_view name = instructions().name;
  BOOST_TEST_INFO(name);
  BOOST_TEST(instructions().exact ==
             (name.find("VNNI") != name.npos || name.find("AMX") != name.npos));
}

BOOST_AUTO_TEST_CASE(convolutions_of_every_shape_sum_exactly) {
  Draw draw(1);
  for (int i = 0; i < 300; ++i) check(random_shape(draw), draw, draw.chance(0.3));
}

// Shapes that kernels of 2.6.3 sum wrongly when data are int8, by AVX-512 VNNI and by AVX2 VNNI.
BOOST_AUTO_TEST_CASE(signed_data_are_exact_where_onednn_sums_them_wrongly) {
  Draw draw(7);
  ConvolutionShape one_output_of_a_group;
  one_output_of_a_group.rows = 3;
  one_output_of_a_group.channels = 64;
  one_output_of_a_group.height = 4;
  one_output_of_a_group.width = 11;
  one_output_of_a_group.out_channels = one_output_of_a_group.groups = 8;
  ConvolutionShape depthwise;
  depthwise.rows = 4;
  depthwise.height = 18;
  depthwise.width = 12;
  depthwise.channels = depthwise.out_channels = depthwise.groups = 16;
  depthwise.kernel = {4, 2};
  depthwise.stride = {2, 2};
  depthwise.dilation = {3, 3};
  for (ConvolutionShape shape : {one_output_of_a_group, depthwise})
    for (const bool extremes : {false, true}) {
      shape.is_signed = true;
      check(shape, draw, extremes);
    }
}

// 2.6.3's threads of its kernel for AVX2 VNNI write into each other's room.
BOOST_AUTO_TEST_CASE(pixels_that_strides_skip_are_never_seen) {
  Draw draw(8);
  for (int i = 0; i < 40; ++i) {
    ConvolutionShape shape;
    shape.rows = draw(1, 4);
    shape.channels = draw.one_of<std::int64_t>({3, 16, 19, 64});
    shape.out_channels = draw.one_of<std::int64_t>({5, 32});
    shape.height = draw(2, 13);
    shape.width = draw(2, 13);
    shape.stride = {draw(1, 3), draw(2, 3)};
    shape.is_signed = i % 2 == 0;
    if (!shape.is_signed) {
      shape.padding_before = {draw(0, 2), draw(0, 2)};
      shape.padding_after = {draw(0, 2), draw(0, 2)};
    }
    check(shape, draw, draw.chance(0.5));
  }
}

BOOST_AUTO_TEST_CASE(sums_that_a_float_does_not_hold_are_exact) {
  Draw draw(2);
  for (const bool is_signed : {false, true}) {
    ConvolutionShape shape = three_by_three(700, is_signed);
    shape.rows = 1;
    shape.height = shape.width = is_signed ? 3 : 2;
    shape.out_channels = 9;
    const ByteConvolution convolution(shape);
    Bytes x(data_size(shape));
    Weights w = draw.weights(size(shape.out_channels * shape.kernel_size()), is_signed);
    for (std::uint8_t& byte : x) byte = static_cast<std::uint8_t>(draw(100, 127));
    for (std::int8_t& weight : w) {
      if (weight < 60) weight = draw.one_of<std::int8_t>({60, 62});
    }
    const Sums right = expected(shape, x, w);
    BOOST_TEST_REQUIRE(*std::max_element(right.begin(), right.end()) > 1 << 24);
    const auto packed = convolution.pack(w.data(), largest(shape));
    BOOST_TEST((run(convolution, shape, x, *packed) == right));
  }
}

BOOST_AUTO_TEST_CASE(a_linear_layer_is_a_convolution_whose_rows_are_positions) {
  Draw draw(3);
  for (const bool is_signed : {false, true})
    for (const std::int64_t rows : {1, 2, 7, 64}) {
      ConvolutionShape shape;
      shape.rows = rows;
      shape.channels = 37;
      shape.height = shape.width = 1;
      shape.out_channels = 10;
      shape.is_signed = is_signed;
      check(shape, draw, false);
    }
}

BOOST_AUTO_TEST_CASE(results_are_added_to_what_is_there) {
  Draw draw(4);
  const ConvolutionShape shape = three_by_three(16, true);
  const ByteConvolution convolution(shape);
  const Bytes x = draw.data(data_size(shape), true);
  const Weights w = draw.weights(size(shape.out_channels * shape.kernel_size()), true);
  const auto packed = convolution.pack(w.data(), 128);
  Sums y = run(convolution, shape, x, *packed);
  Sums doubled = y;
  for (std::int32_t& sum : doubled) sum *= 2;
  convolution.add(x.data(), *packed, y.data());
  BOOST_TEST(y == doubled);
}

BOOST_AUTO_TEST_CASE(one_convolution_runs_on_several_threads_at_once) {
  Draw draw(5);
  const ConvolutionShape shape = three_by_three(64, false);
  const ByteConvolution convolution(shape);
  const Bytes x = draw.data(data_size(shape), false);
  const Weights w = draw.weights(size(shape.out_channels * shape.kernel_size()), false);
  const auto packed = convolution.pack(w.data(), 255);
  const Sums right = expected(shape, x, w);
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) count += run(convolution, shape, x, *packed) != right ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(wrong == std::vector<int>(4), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(weights_suit_the_layer_they_were_packed_for_only) {
  const ByteConvolution convolution(three_by_three(16, false));
  const Weights w(16 * 16 * 9, 1);
  const auto packed = convolution.pack(w.data(), 255);
  BOOST_TEST(convolution.suits(*packed));
  BOOST_TEST(ByteConvolution(three_by_three(16, false)).suits(*packed));
  BOOST_TEST(!ByteConvolution(three_by_three(32, false)).suits(*packed));
}

BOOST_AUTO_TEST_CASE(an_ordinary_convolution_is_fast_and_as_exact_as_the_instructions) {
  for (const bool is_signed : {false, true}) {
    const ByteConvolution convolution(three_by_three(64, is_signed));
    BOOST_TEST_INFO(convolution.kernel());
    BOOST_TEST(convolution.is_fast());
    BOOST_TEST(convolution.is_exact() == instructions().exact);
  }
}

BOOST_AUTO_TEST_CASE(what_onednn_refuses_is_an_error_that_says_so) {
  ConvolutionShape shape = three_by_three(3, false);
  shape.groups = 2;
  BOOST_CHECK_EXCEPTION(ByteConvolution{shape}, lathe::Error, [](const lathe::Error& error) {
    return error.message().find("cannot make a convolution of bytes") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(products_of_matrices_are_exact) {
  Draw draw(6);
  for (int i = 0; i < 100; ++i) {
    const std::int64_t m = draw(1, 20), n = draw(1, 20);
    const std::int64_t k = draw.one_of<std::int64_t>({0, 1, 3, 17, 64, 700, 3000});
    // Which of two int8 factors oneDNN makes uint8 is not said: without exact instructions either
    // may saturate.
    const bool is_signed = draw.chance(0.5) && instructions().exact;
    const bool is_transposed = draw.chance(0.5);
    const bool extremes = draw.chance(0.3);
    const Bytes a = draw.data(size(m * k), is_signed, extremes);
    const Weights b = draw.weights(size(k * n), is_signed, extremes);
    Sums y(size(m * n), -1), right;
    multiply(a.data(), is_signed, b.data(), is_transposed, m, n, k, y.data());
    for (std::int64_t row = 0; row < m; ++row)
      for (std::int64_t column = 0; column < n; ++column) {
        std::int64_t sum = 0;
        for (std::int64_t t = 0; t < k; ++t) {
          const std::int64_t at = is_transposed ? column * k + t : t * n + column;
          sum += value(a[size(row * k + t)], is_signed) * b[size(at)];
        }
        right.push_back(static_cast<std::int32_t>(sum));
      }
    BOOST_TEST_INFO("m " << m << ", n " << n << ", k " << k << ", signed " << is_signed);
    BOOST_TEST((y == right));
  }
}

BOOST_AUTO_TEST_SUITE_END()
