// Checks of formats whose blocks share a parameter, against an oracle that is given an element and
// the largest magnitude of its block. Blocks are found here index by index.
#pragma once

#include "tests/plugins/one_format.hpp"

#include <boost/test/unit_test.hpp>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <random>

namespace lathe_test {

using Extents = OneFormat::Extents;

// Of x, not NaN; the largest magnitude counts no NaN, and infinities only where nothing else but
// zeros is in the block: then it is the largest float.
using BlockOracle = std::function<long double(float x, float largest)>;

// 2^e exactly, and the nearest integer, ties to even.
inline long double power(int e) { return std::ldexp(1.0L, e); }
inline int floor_log2(float x) { return std::ilogb(x); }
inline long double nearest_multiple(float x, int exponent, long double low, long double high) {
  const long double k = std::nearbyint(std::ldexp(static_cast<long double>(x), -exponent));
  return std::ldexp(k < low ? low : k > high ? high : k, exponent);
}
// Of the magnitudes 2^E * (1 + k / 2^m), E from `least` to `top`, and 2^least * k / 2^m, up to
// `largest`.
inline long double nearest_minifloat(float x, int m, int least, int top, long double largest) {
  const long double size = std::fabs(static_cast<long double>(x));
  if (size >= largest) return std::copysign(largest, static_cast<long double>(x));
  const int e = size == 0 ? least : std::min(std::max(std::ilogb(size), least), top);
  const long double k = std::nearbyint(std::ldexp(size, m - e));
  return std::copysign(std::min(std::ldexp(k, e - m), largest), static_cast<long double>(x));
}

// The number of each element's block, in row-major order of blocks.
inline std::vector<std::size_t> block_numbers(const Extents& shape, const Extents& block) {
  std::size_t count = 1;
  for (const std::int64_t extent : shape) count *= static_cast<std::size_t>(extent);
  std::vector<std::size_t> numbers(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t rest = i, stride = 1;
    for (std::size_t d = shape.size(); d-- > 0;) {
      const auto extent = static_cast<std::size_t>(shape[d]);
      const auto of = static_cast<std::size_t>(block[d]);
      numbers[i] += rest % extent / of * stride;
      stride *= (extent - 1) / of + 1;
      rest /= extent;
    }
  }
  return numbers;
}
// block_size of a weight, as docs/quantization.md says it.
inline Extents extents_of(const Extents& block_size, const Extents& shape) {
  Extents block(shape.size(), 1);
  for (std::size_t back = 1; back <= std::min(block_size.size(), shape.size()); ++back) {
    const std::int64_t extent = shape[shape.size() - back];
    const std::int64_t wanted = block_size[block_size.size() - back];
    block[shape.size() - back] = wanted == -1 ? extent : std::min(wanted, extent);
  }
  return block;
}

inline std::vector<float> largest_magnitudes(const std::vector<float>& x,
                                             const std::vector<std::size_t>& numbers) {
  std::map<std::size_t, float> largest;
  std::map<std::size_t, bool> infinite;
  for (std::size_t i = 0; i < x.size(); ++i) {
    float& of = largest[numbers[i]];
    if (std::isfinite(x[i])) of = std::max(of, std::fabs(x[i]));
    if (std::isinf(x[i])) infinite[numbers[i]] = true;
  }
  std::vector<float> all;
  for (const auto& [number, of] : largest) {
    all.push_back(of == 0 && infinite[number] ? std::numeric_limits<float>::max() : of);
  }
  return all;
}

// Of the 16 bits of a half-precision number.
inline float half_float(std::uint32_t bits) {
  const int exponent = static_cast<int>(bits >> 10 & 31);
  const auto fraction = static_cast<float>(bits & 1023);
  const float size = exponent == 31  ? (fraction == 0 ? std::numeric_limits<float>::infinity()
                                                      : std::numeric_limits<float>::quiet_NaN())
                     : exponent == 0 ? std::ldexp(fraction, -24)
                                     : std::ldexp(fraction + 1024, exponent - 25);
  return (bits & 0x8000) != 0 ? -size : size;
}

// Random bits, half-precision numbers, ties and powers of two, subnormals, huge numbers, zeros.
inline std::vector<float> block_inputs(std::size_t count, int kind, std::mt19937& random) {
  std::vector<float> x(count);
  std::normal_distribution<float> normal;
  for (float& v : x) {
    const auto draw = [&](unsigned below) { return static_cast<int>(random() % below); };
    const float tie = static_cast<float>(draw(601) - 300) * 0.5F;
    switch (kind) {
      case 0:
        v = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
        break;
      case 1:
        v = half_float(static_cast<std::uint32_t>(random()) & 0xFFFF);
        break;
      case 2:
        v = std::ldexp(tie, draw(14) - 10);
        break;
      case 3:
        v = std::ldexp(tie, draw(20) - 150);
        break;
      case 4:
        v = std::ldexp(tie, draw(20) + 101);
        break;
      case 5:
        v = draw(4) != 0 ? (draw(2) != 0 ? 0.0F : -0.0F) : normal(random);
        break;
      default:
        v = normal(random) * std::ldexp(1.0F, draw(16) - 8);
    }
  }
  return x;
}
constexpr int kInputKinds = 7;

struct Disagreements {
  long values = 0, wrong = 0;
};

// REQUIRES: `block` are the extents that the format has on that shape.
inline void check_tensor(const OneFormat& format, const std::vector<float>& x, const Extents& shape,
                         const Extents& block, const BlockOracle& oracle, const std::string& what,
                         Disagreements& total) {
  const std::vector<float> y = format.quantize(x, shape);
  const std::vector<std::size_t> numbers = block_numbers(shape, block);
  const std::vector<float> largest = largest_magnitudes(x, numbers);
  for (std::size_t i = 0; i < x.size(); ++i) {
    ++total.values;
    if (std::isnan(x[i]) && std::isnan(y[i])) continue;
    const auto expected = static_cast<float>(oracle(x[i], largest[numbers[i]]));
    // What no float holds is left open here.
    if (std::isinf(expected) || y[i] == expected) continue;
    if (++total.wrong <= 5) {
      BOOST_ERROR(what << ": x " << x[i] << " in a block up to " << largest[numbers[i]] << " is "
                       << y[i] << ", not " << expected);
    }
  }
  std::vector<float> numbers_only = x;
  for (float& v : numbers_only) v = std::isnan(v) ? 1.0F : v;
  const lathe::IntegerCodes codes = format.codes(numbers_only, shape);
  const std::vector<float> values = codes.values();
  const std::vector<float> again = format.quantize(numbers_only, shape);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::bit_cast<std::uint32_t>(values[i]) == std::bit_cast<std::uint32_t>(again[i])) continue;
    if (++total.wrong <= 5) {
      BOOST_ERROR(what << ": the code " << codes.codes[i] << " makes " << values[i] << " of "
                       << numbers_only[i] << ", not " << again[i]);
    }
  }
}

inline const std::vector<Extents>& block_shapes() {
  static const std::vector<Extents> shapes = {{40},   {1},        {3, 21},      {4, 64},
                                              {7, 1}, {2, 3, 18}, {2, 3, 2, 5}, {2, 2, 2, 3, 4}};
  return shapes;
}

// Shapes of rank 1 to 5, several blocks in them, all kinds of input. `key` names the option of
// block extents.
inline void agrees_in_blocks(const char* format, const json& options, const BlockOracle& oracle,
                             const char* key = "block_size") {
  std::mt19937 random(20);
  Disagreements total;
  for (const Extents& shape : block_shapes()) {
    for (const Extents& size : std::vector<Extents>{{16}, {1, 4}, {2, 2}, {-1}, {3, -1}, {1, 32}}) {
      if (size.size() > shape.size() && size[0] != 1) continue;
      json all = options;
      all[key] = size;
      const OneFormat one(format, all);
      const std::string what = std::string(format) + all.dump() + " on " + json(shape).dump();
      const Extents block = extents_of(size, shape);
      for (int kind = 0; kind < kInputKinds; ++kind) {
        const std::vector<float> x = block_inputs(block_numbers(shape, block).size(), kind, random);
        check_tensor(one, x, shape, block, oracle, what, total);
      }
    }
  }
  BOOST_TEST(total.wrong == 0);
  BOOST_TEST_MESSAGE(format << options.dump() << ": " << total.values << " values");
}

// All half-precision numbers in rows of 64, in their order and shuffled.
inline void agrees_on_halves(const char* format, const json& options, const BlockOracle& oracle,
                             const Extents& block) {
  std::vector<float> x;
  for (std::uint32_t h = 0; h < 65536; ++h) {
    x.push_back(half_float(h));
  }
  Disagreements total;
  const OneFormat one(format, options);
  const Extents shape = {1024, 64};
  check_tensor(one, x, shape, block, oracle, std::string(format) + options.dump(), total);
  std::shuffle(x.begin(), x.end(), std::mt19937(3));
  check_tensor(one, x, shape, block, oracle, std::string(format) + options.dump(), total);
  BOOST_TEST(total.wrong == 0);
}

// Cases of a golden file, bit for bit; what stands beside magnitudes from 1e30 on is passed over.
inline int golden_cases(const char* file, const char* format) {
  int cases = 0;
  const json golden = golden_json(file);
  const auto numbers = [](const json& list) {
    std::vector<float> all;
    for (const json& v : list.is_object() ? list.at("data") : list) {
      all.push_back(v.is_string() ? std::stof(v.get<std::string>())
                                  : static_cast<float>(v.get<double>()));
    }
    return all;
  };
  for (const json& one : golden.at("cases")) {
    if (one.at("quantizer") != format) continue;
    json options = one.at("config");
    if (options.contains("q_config")) {
      const json inner = options.at("q_config");
      options.erase("q_config");
      options.update(inner);
    }
    options["mase_compat"] = true;
    const json& input = golden.at("inputs").at(one.at("input").get<std::string>());
    const std::vector<float> x = numbers(input), expected = numbers(one.at("output"));
    const std::vector<float> y =
        OneFormat(format, options).quantize(x, input.at("shape").get<Extents>());
    int wrong = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (std::fabs(x[i]) >= 1e30F || (std::isnan(y[i]) && std::isnan(expected[i]))) continue;
      wrong += std::bit_cast<std::uint32_t>(y[i]) != std::bit_cast<std::uint32_t>(expected[i]);
    }
    BOOST_TEST(wrong == 0, one.at("input") << " " << options.dump() << ": " << wrong << " differ");
    ++cases;
  }
  BOOST_TEST_MESSAGE(file << ": " << cases << " cases of " << format);
  return cases;
}

// What a user is told for wrong options.
inline std::string refusal(const char* format, const json& options) {
  try {
    const OneFormat one(format, options);
  } catch (const std::exception& e) {
    return e.what();
  }
  return "";
}
inline bool says(const std::string& text, const std::string& part) {
  BOOST_TEST_INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace lathe_test
