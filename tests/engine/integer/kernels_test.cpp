// The loops of integer layers beside exact arithmetic and plain scalars, bit for bit.
#include "core/engine/integer/kernels.hpp"
#include "tests/support/support.hpp"

#include <boost/multiprecision/cpp_int.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

using namespace lathe::engine::integer;

namespace {

using Integer = boost::multiprecision::cpp_int;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
// Fewer than a vector, whole vectors and not, about as many as a loop takes at once, more.
const std::vector<std::int64_t> kChannels = [] {
  std::vector<std::int64_t> out{64, 100, 255, 256, 257, 512, 513, 1030};
  for (std::int64_t channels = 1; channels <= 40; ++channels) out.push_back(channels);
  return out;
}();

void need_kernels() {
  if (!kernels_run_here()) lathe_test::skip("this processor has no AVX2 or no FMA");
}

// x = integer * 2^-1140, below what any product here is a multiple of.
constexpr int kUnit = -1140;
Integer in_units(double x) {
  int exponent = 0;
  const double fraction = std::frexp(x, &exponent);
  const auto mantissa = static_cast<std::int64_t>(std::ldexp(fraction, 53));
  const Integer magnitude = Integer(mantissa < 0 ? -mantissa : mantissa) << (exponent - 53 - kUnit);
  return mantissa < 0 ? Integer(-magnitude) : magnitude;
}

// The nearest float, of two the even one.
float rounded(const Integer& units) {
  if (units == 0) return 0.0F;
  const Integer magnitude = units < 0 ? Integer(-units) : units;
  const int top = static_cast<int>(boost::multiprecision::msb(magnitude)) + kUnit;
  const int last = std::max(top - 23, -149);
  const int shift = last - kUnit;
  Integer whole = magnitude >> shift;
  const Integer rest = magnitude - (whole << shift);
  const Integer half = Integer(1) << (shift - 1);
  if (rest > half || (rest == half && (whole & 1) == 1)) ++whole;
  const double value = std::ldexp(static_cast<double>(whole.convert_to<std::int64_t>()), last);
  const float out = value >= 0x1p128 ? kInfinity : static_cast<float>(value);  // exact
  return units < 0 ? -out : out;
}

// sum * scale + bias, rounded once.
float exact(std::int32_t sum, double scale, float bias) {
  if (!std::isfinite(bias)) return bias;
  return rounded(in_units(scale) * sum + in_units(static_cast<double>(bias)));
}

bool same(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

void check_same(const std::vector<float>& got, const std::vector<float>& wanted) {
  BOOST_REQUIRE_EQUAL(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (!same(got[i], wanted[i])) {
      BOOST_FAIL("element " << i << " of " << got.size() << std::hexfloat << ": " << got[i]
                            << " instead of " << wanted[i]);
    }
  }
}

// Numbers by chance.
class Draw {
 public:
  explicit Draw(unsigned seed) : random_(seed) {}
  std::int64_t from(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  bool coin() { return from(0, 1) == 1; }
  double sign() { return coin() ? 1 : -1; }
  // With all 24 bits, of a magnitude in 2^low to 2^high.
  float real(int low, int high) {
    const auto mantissa = static_cast<double>(from(1 << 23, (1 << 24) - 1));
    return static_cast<float>(sign() *
                              std::ldexp(mantissa, static_cast<int>(from(low, high)) - 23));
  }
  std::int32_t sum() { return static_cast<std::int32_t>(from(-kMost, kMost)) >> from(0, 30); }
  // Numbers that ReLU, maxima and the like may meet.
  float any() {
    const float odd[] = {0.0F, -0.0F, kInfinity, -kInfinity, kNan, 0x1p-149F, 1.0F};
    const auto i = static_cast<std::size_t>(from(0, 20));
    return i < std::size(odd) ? odd[i] : real(-3, 3);
  }
  template <class Number>
  auto many(std::int64_t n, Number number) {
    std::vector<decltype(number())> out;
    for (std::int64_t i = 0; i < n; ++i) out.push_back(number());
    return out;
  }

 private:
  std::mt19937_64 random_;
};

// A tensor of sums, and what finish() takes with it.
struct Case {
  std::int64_t positions = 0, channels = 0;
  std::vector<std::int32_t> sums;
  std::vector<double> scale;
  std::vector<float> bias;        // may be empty
  std::vector<double> row_scale;  // may be empty
  bool in_float = false;

  std::vector<float> finished() const {
    std::vector<float> y(sums.size());
    finish(sums.data(), y.data(), positions, channels,
           {scale.data(), bias.empty() ? nullptr : bias.data(),
            row_scale.empty() ? nullptr : row_scale.data(), in_float});
    return y;
  }
  template <class Formula>
  std::vector<float> by(Formula formula) const {
    std::vector<float> y;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const std::size_t c = i % static_cast<std::size_t>(channels);
      const std::size_t row = i / static_cast<std::size_t>(channels);
      const double scaled = row_scale.empty() ? scale[c] : scale[c] * row_scale[row];
      y.push_back(formula(sums[i], scaled, bias.empty() ? 0.0F : bias[c]));
    }
    return y;
  }
};

// What rounding to double first gives.
float rounded_twice(std::int32_t sum, double scale, float bias) {
  return static_cast<float>(std::fma(static_cast<double>(sum), scale, static_cast<double>(bias)));
}

struct Triple {
  std::int32_t sum;
  double scale;
  float bias;
};

// Checks the triples, each as a channel and each alone among sums of 0; how many of them rounding
// twice gets wrong.
std::size_t check_triples(const std::vector<Triple>& triples) {
  Case all{1, static_cast<std::int64_t>(triples.size()), {}, {}, {}, {}, false};
  for (std::size_t i = 0; i < triples.size(); ++i) {
    const auto& [sum, scale, bias] = triples[i];
    all.sums.push_back(sum);
    all.scale.push_back(scale);
    all.bias.push_back(bias);
    Case alone{static_cast<std::int64_t>(i % 19 + 1), 1, {}, {scale}, {bias}, {}, false};
    alone.sums.resize(i % 19 + 1);
    alone.sums[i / 19 % alone.sums.size()] = sum;
    check_same(alone.finished(), alone.by(exact));
  }
  const std::vector<float> wanted = all.by(exact), twice = all.by(rounded_twice);
  check_same(all.finished(), wanted);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) wrong += same(wanted[i], twice[i]) ? 0 : 1;
  return wrong;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(integer_kernels)

BOOST_AUTO_TEST_CASE(sums_of_any_shape_are_scaled_and_biased_with_one_rounding) {
  need_kernels();
  Draw draw(1);
  for (const std::int64_t channels : kChannels) {
    for (int kind = 0; kind < 8; ++kind) {
      Case c{draw.from(1, channels < 100 ? 70 : 5), channels, {}, {}, {}, {}, false};
      c.sums = draw.many(c.positions * channels, [&] { return draw.sum(); });
      c.scale = draw.many(channels, [&] {
        if (kind % 2 == 0) return std::ldexp(1.0, static_cast<int>(draw.from(-20, 0)));
        return static_cast<double>(draw.real(-9, 0)) * static_cast<double>(draw.real(-9, 0));
      });
      if (kind / 2 % 2 == 0) c.bias = draw.many(channels, [&] { return draw.real(-9, 9); });
      if (kind / 4 == 1) {
        c.row_scale = draw.many(c.positions, [&] { return static_cast<double>(draw.real(-9, 0)); });
      }
      check_same(c.finished(), c.by(exact));
    }
  }
}

BOOST_AUTO_TEST_CASE(sums_beside_the_middle_of_two_floats_are_not_rounded_twice) {
  need_kernels();
  Draw draw(2);
  std::vector<Triple> triples;
  for (int i = 0; i < 20000; ++i) {
    // bias + half of its last place, and a little more or less that a double does not hold.
    const float bias = draw.real(-30, 30);
    const double half = std::ldexp(1.0, std::ilogb(bias) - 24);
    const double near = 1 + draw.sign() * std::ldexp(1.0, -static_cast<int>(draw.from(26, 52)));
    const auto shift = static_cast<int>(draw.from(0, 30));
    triples.push_back({static_cast<std::int32_t>(draw.sign()) * (1 << shift),
                       std::ldexp(half * near, -shift), bias});
    // The middle of any two floats, from a sum and a bias of any size.
    const double middle = static_cast<double>(draw.real(-20, 20)) * (1 + 0x1p-24);
    const float other = draw.coin() ? draw.real(-20, 20) : draw.real(-60, -40);
    std::int32_t sum = draw.sum();
    if (sum == 0) sum = draw.coin() ? kMost : -kMost;
    triples.push_back({sum, (middle - static_cast<double>(other)) / sum, other});
  }
  const std::size_t wrong = check_triples(triples);
  BOOST_TEST_MESSAGE("rounding twice is wrong for " << wrong << " of " << triples.size());
  BOOST_TEST(wrong > triples.size() / 10);
}

BOOST_AUTO_TEST_CASE(subnormal_results_are_rounded_once) {
  need_kernels();
  Draw draw(3);
  std::vector<Triple> triples;
  for (int i = 0; i < 20000; ++i) {
    const auto bias = static_cast<float>(
        draw.sign() * static_cast<double>(draw.from(0, 1 << draw.from(1, 23))) * 0x1p-149);
    const double near = 1 + draw.sign() * std::ldexp(1.0, -static_cast<int>(draw.from(20, 52)));
    const auto shift = static_cast<int>(draw.from(0, 30));
    triples.push_back({static_cast<std::int32_t>(draw.sign()) * (1 << shift),
                       std::ldexp(near, -150 - shift), bias});
    triples.push_back({draw.sum(), std::ldexp(near, -static_cast<int>(draw.from(90, 180))), bias});
  }
  triples.push_back({1, 0x1p-150, 0.0F});  // half the smallest: 0
  triples.push_back({3, 0x1p-1074, 0.0F});
  triples.push_back({0, 0x1p-1074, -0x1p-149F});
  BOOST_TEST(check_triples(triples) > triples.size() / 20);
}

BOOST_AUTO_TEST_CASE(sums_beyond_the_largest_float_become_infinite) {
  need_kernels();
  constexpr float kLargest = std::numeric_limits<float>::max();
  const double half = 0x1p103;  // of its last place: rounds to infinity, a little less does not
  std::vector<Triple> triples{{1, half, kLargest},
                              {-1, half, -kLargest},
                              {1, half * (1 - 0x1p-52), kLargest},
                              {-1, half * (1 - 0x1p-52), -kLargest},
                              {kMost, 0x1p100, 0.0F},
                              {-kMost - 1, 0x1p96, 0.0F},
                              {-kMost - 1, 0x1p97, 0.0F},
                              {kMost, 1, 0.0F},
                              {-kMost - 1, 1, 1.0F},
                              {5, 0.5, kInfinity},
                              {5, 0.5, -kInfinity},
                              {5, 0.5, kNan}};
  check_triples(triples);
  // And beside one that rounding twice gets wrong.
  triples.push_back({1, 0x1p-24 * (1 + 0x1p-50), 1.0F});
  BOOST_TEST(check_triples(triples) == 3U);
}

BOOST_AUTO_TEST_CASE(small_sums_with_float_scales_are_rounded_once_in_float) {
  need_kernels();
  Draw draw(4);
  for (const std::int64_t channels : kChannels) {
    Case c{draw.from(1, channels < 100 ? 70 : 5), channels, {}, {}, {}, {}, true};
    c.sums = draw.many(c.positions * channels, [&] {
      return static_cast<std::int32_t>(draw.from(-(1 << 24), 1 << 24) >> draw.from(0, 23));
    });
    c.scale = draw.many(channels, [&] { return static_cast<double>(draw.real(-20, 0)); });
    if (draw.coin()) c.bias = draw.many(channels, [&] { return draw.real(-9, 9); });
    if (draw.coin()) c.row_scale = draw.many(c.positions, [&] { return 0x1p-3; });
    check_same(c.finished(), c.by(exact));
  }
}

BOOST_AUTO_TEST_CASE(channels_are_scaled_and_shifted_as_one_fma_does_it) {
  need_kernels();
  Draw draw(5);
  for (const std::int64_t channels : kChannels) {
    const std::int64_t positions = draw.from(1, channels < 100 ? 70 : 5);
    const auto x = draw.many(positions * channels, [&] { return draw.any(); });
    const auto scale = draw.many(channels, [&] { return draw.real(-9, 9); });
    const auto shift = draw.many(channels, [&] { return draw.real(-9, 9); });
    std::vector<float> wanted;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t c = i % static_cast<std::size_t>(channels);
      wanted.push_back(std::fma(x[i], scale[c], shift[c]));
    }
    std::vector<float> y(x.size()), in_place = x;
    scale_shift(x.data(), y.data(), positions, channels, scale.data(), shift.data());
    scale_shift(in_place.data(), in_place.data(), positions, channels, scale.data(), shift.data());
    check_same(y, wanted);
    check_same(in_place, wanted);
  }
}

BOOST_AUTO_TEST_CASE(clamping_keeps_nan_and_negative_zero) {
  need_kernels();
  Draw draw(6);
  const float ends[][2] = {{0, kInfinity}, {0, 6}, {-1, 1}, {-kInfinity, kInfinity}, {-0.0F, 0.0F}};
  for (const auto& [low, high] : ends) {
    for (std::int64_t count = 0; count < 100; ++count) {
      const auto x = draw.many(count, [&] { return draw.any(); });
      std::vector<float> wanted;
      for (const float v : x) wanted.push_back(v < low ? low : v > high ? high : v);
      std::vector<float> y(x.size()), in_place = x;
      clamp(x.data(), y.data(), count, low, high);
      clamp(in_place.data(), in_place.data(), count, low, high);
      check_same(y, wanted);
      check_same(in_place, wanted);
    }
  }
}

BOOST_AUTO_TEST_CASE(sums_of_two_tensors_are_those_of_their_elements) {
  need_kernels();
  Draw draw(7);
  for (std::int64_t count = 0; count < 200; ++count) {
    const auto a = draw.many(count, [&] { return draw.any(); });
    const auto b = draw.many(count, [&] { return draw.any(); });
    std::vector<float> wanted;
    for (std::size_t i = 0; i < a.size(); ++i) wanted.push_back(a[i] + b[i]);
    std::vector<float> y(a.size()), first = a, second = b;
    add(a.data(), b.data(), y.data(), count);
    add(first.data(), b.data(), first.data(), count);
    add(a.data(), second.data(), second.data(), count);
    check_same(y, wanted);
    check_same(first, wanted);
    check_same(second, wanted);
  }
}

BOOST_AUTO_TEST_CASE(maxima_of_windows_are_the_first_greatest_and_nan_wins) {
  need_kernels();
  Draw draw(8);
  for (std::int64_t channels = 1; channels <= 40; ++channels) {
    for (std::int64_t size = 1; size <= 4; ++size) {
      for (const std::int64_t columns : {size - 1, size, 3 * size, 3 * size + size / 2}) {
        const auto x = draw.many(size * columns * channels, [&] { return draw.any(); });
        std::vector<float> wanted;
        for (std::int64_t i = 0; i < columns / size * channels; ++i) {
          float max = -kInfinity;
          for (std::int64_t at = 0; at < size * size; ++at) {
            const std::int64_t column = i / channels * size + at % size;
            const float v = x[static_cast<std::size_t>((at / size * columns + column) * channels +
                                                       i % channels)];
            if (v > max || std::isnan(v)) max = v;
          }
          wanted.push_back(max);
        }
        std::vector<float> y(wanted.size());
        max_pool_rows(x.data(), columns, channels, size, y.data());
        check_same(y, wanted);
      }
    }
  }
}

namespace {

// Of every width of 1 to 8 bits, signed or not, and of those with a level more or less.
std::vector<Levels> byte_ranges() {
  std::vector<Levels> out;
  for (int bits = 1; bits <= 8; ++bits) {
    const std::int32_t half = 1 << (bits - 1);
    out.push_back({1, 0, 2 * half - 1});
    out.push_back({1, -half, half - 1});
    out.push_back({1, 1 - half, half - 1});
  }
  out.push_back({1, -1, 1});
  out.push_back({1, 17, 200});
  return out;
}
std::vector<Levels> split_ranges() {
  return {{1, -127, 128}, {1, -255, 0},  {1, -128, 127},  {1, 0, 255},
          {1, -1, 254},   {1, -200, 55}, {1, -255, -140}, {1, 130, 255}};
}
const double kScales[] = {1, 0x1p-7, 0.1, 0.37, 1 / 3.0, 3.0000001e-5, 1e30, 7e-30, -0.3};

float value(std::int32_t level, double scale) { return static_cast<float>(level * scale); }

// Every level, a few of them again, the 0 as -0, and some of other numbers.
std::vector<float> values(const Levels& levels) {
  std::vector<float> out;
  for (std::int32_t level = levels.low; level <= levels.high; ++level) {
    out.push_back(value(level, levels.scale));
  }
  for (std::int32_t i = 0; i < 37; ++i) {
    out.push_back(value(std::min(levels.low + i, levels.high), levels.scale));
  }
  if (levels.low <= 0 && levels.high >= 0) out.push_back(-0.0F);
  return out;
}

bool all_bytes(const std::vector<float>& q, const Levels& levels) {
  std::vector<std::uint8_t> bytes(q.size());
  return to_bytes(q.data(), bytes.data(), static_cast<std::int64_t>(q.size()), levels);
}
bool all_split(const std::vector<float>& q, const Levels& levels) {
  std::vector<std::int8_t> first(q.size());
  std::vector<std::uint8_t> second(q.size());
  return to_split_bytes(q.data(), first.data(), second.data(), static_cast<std::int64_t>(q.size()),
                        levels);
}

}  // namespace

BOOST_AUTO_TEST_CASE(values_of_levels_become_their_bytes) {
  need_kernels();
  for (Levels levels : byte_ranges()) {
    for (const double scale : kScales) {
      levels.scale = scale;
      const std::vector<float> q = values(levels);
      std::vector<std::uint8_t> bytes(q.size());
      BOOST_REQUIRE(to_bytes(q.data(), bytes.data(), static_cast<std::int64_t>(q.size()), levels));
      for (std::size_t i = 0; i < q.size(); ++i) {
        const auto level =
            static_cast<std::int32_t>(std::lround(static_cast<double>(q[i]) / scale));
        const std::int32_t byte = levels.low < 0 ? static_cast<std::int8_t>(bytes[i]) : bytes[i];
        BOOST_REQUIRE_EQUAL(byte, level);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(levels_that_fit_no_byte_become_the_sum_of_two) {
  need_kernels();
  for (Levels levels : split_ranges()) {
    for (const double scale : kScales) {
      levels.scale = scale;
      const std::vector<float> q = values(levels);
      std::vector<std::int8_t> first(q.size());
      std::vector<std::uint8_t> second(q.size());
      BOOST_REQUIRE(to_split_bytes(q.data(), first.data(), second.data(),
                                   static_cast<std::int64_t>(q.size()), levels));
      for (std::size_t i = 0; i < q.size(); ++i) {
        const auto level =
            static_cast<std::int32_t>(std::lround(static_cast<double>(q[i]) / scale));
        const std::int32_t limited = std::clamp(level, -128, 127);
        const std::int32_t rest =
            levels.high > 127 ? second[i] : static_cast<std::int8_t>(second[i]);
        BOOST_REQUIRE_EQUAL(static_cast<std::int32_t>(first[i]), limited);
        BOOST_REQUIRE_EQUAL(rest, level - limited);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(one_number_that_is_no_level_is_found_wherever_it_stands) {
  need_kernels();
  for (const bool split : {false, true}) {
    for (Levels levels : split ? split_ranges() : byte_ranges()) {
      for (const double scale : kScales) {
        levels.scale = scale;
        std::vector<float> q = values(levels);
        const auto refused = [&](float odd) {
          for (const std::size_t at : {std::size_t{0}, q.size() / 2, q.size() - 1}) {
            const float kept = std::exchange(q[at], odd);
            if (split ? all_split(q, levels) : all_bytes(q, levels)) return false;
            q[at] = kept;
          }
          return true;
        };
        const float last = value(levels.high, scale);
        for (const float odd :
             {value(levels.high + 1, scale), value(levels.low - 1, scale),
              value(levels.high + 256, scale), value(levels.low - 256, scale),
              static_cast<float>((levels.high - 0.5) * scale),
              static_cast<float>((levels.low + 0.5) * scale), static_cast<float>(scale / 1024),
              last + (std::abs(last) + static_cast<float>(std::abs(scale))) * 0x1p-18F, kNan, -kNan,
              kInfinity, -kInfinity, std::numeric_limits<float>::max(), 3e9F * last + 1e37F}) {
          BOOST_REQUIRE_MESSAGE(refused(odd), odd << " among levels " << levels.low << " to "
                                                  << levels.high << " times " << scale);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(scales_whose_inverse_is_no_float_give_no_bytes) {
  need_kernels();
  for (const double scale : {0.0, 1e-45, 1e-60, 1e60}) {
    BOOST_TEST(!all_bytes({0.0F}, {scale, 0, 255}));
    BOOST_TEST(!all_split({1.0F}, {scale, -127, 128}));
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_done_to_empty_tensors) {
  need_kernels();
  const double scale = 1;
  finish(nullptr, nullptr, 0, 1, {&scale});
  finish(nullptr, nullptr, 3, 0, {&scale});
  scale_shift(nullptr, nullptr, 0, 3, nullptr, nullptr);
  max_pool_rows(nullptr, 0, 3, 2, nullptr);
  BOOST_TEST(to_bytes(nullptr, nullptr, 0, {}));
}

BOOST_AUTO_TEST_SUITE_END()
