// What formats of single elements are tested on, and with: inputs, and the definition by search
// through all values.
#pragma once

#include "tests/plugins/one_format.hpp"
#include "tests/plugins/transforms/formats/inputs.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

namespace lathe_test {

// All halves, half of `count` floats around 0 at several scales, and half of any bits.
inline std::vector<float> halves_and(std::size_t count) {
  std::vector<float> x = all_halves();
  const std::vector<float> scaled = random_floats(count / 2, 20240607);
  x.insert(x.end(), scaled.begin(), scaled.end());
  std::mt19937 random(20240608);
  for (std::size_t i = 0; i < count / 2; ++i)
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(random())));
  return x;
}
inline const std::vector<float>& probes() {
  static const std::vector<float> all = halves_and(100000);
  return all;
}
inline const std::vector<float>& million_probes() {
  static const std::vector<float> all = halves_and(1000000);
  return all;
}

// Bits equal; any NaN is like any other.
inline bool same(float a, float b) {
  return std::isnan(a) ? std::isnan(b)
                       : std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

// A magnitude that a format has, and whether its code in the format's order is even.
struct Magnitude {
  double size;
  bool is_even;
};

// All magnitudes of a format of sign and magnitude that float32 holds, in rising order.
class Magnitudes {
 public:
  explicit Magnitudes(std::vector<Magnitude> all) : all_(std::move(all)) {
    std::erase_if(all_, [](const Magnitude& m) {
      return static_cast<double>(static_cast<float>(m.size)) != m.size || std::isinf(m.size);
    });
    std::ranges::stable_sort(all_, {}, &Magnitude::size);
    const auto repeated = std::ranges::unique(all_, {}, &Magnitude::size);
    all_.erase(repeated.begin(), repeated.end());
  }
  const std::vector<Magnitude>& all() const { return all_; }
  double largest() const { return all_.back().size; }

  // The next values to a magnitude: below or equal, above or equal.
  std::pair<const Magnitude*, const Magnitude*> around(double size) const {
    const auto above = std::ranges::lower_bound(all_, size, {}, &Magnitude::size);
    if (above == all_.end()) return {&all_.back(), &all_.back()};
    return {above->size == size ? &*above : &*above - 1, &*above};
  }
  float nearest(float x) const {
    if (std::isnan(x)) return x;
    const double size = std::fabs(static_cast<double>(x));
    const auto [low, high] = around(size);
    const double to_low = size - low->size, to_high = high->size - size;
    const bool is_low = to_low < to_high || (to_low == to_high && low->is_even);
    return static_cast<float>(
        std::copysign(is_low ? low->size : high->size, static_cast<double>(x)));
  }

  // Every value, the middle to the next, and their neighbours, of both signs; some thousands.
  std::vector<float> probes() const {
    std::vector<float> x;
    const std::size_t step = all_.size() / 2000 + 1;
    for (std::size_t i = 0; i + 1 < all_.size(); i += step) {
      for (const double at : {all_[i].size, (all_[i].size + all_[i + 1].size) / 2}) {
        const auto near = static_cast<float>(at);
        for (const float size : {near, std::nextafter(near, 0.0F), std::nextafter(near, 1e38F)}) {
          x.insert(x.end(), {size, -size});
        }
      }
    }
    return x;
  }

 private:
  std::vector<Magnitude> all_;
};

// Compares what a format makes of inputs with what `expected` says; returns how many there were.
template <typename Expected>
long check_against(const OneFormat& format, const std::vector<float>& x, const std::string& what,
                   Expected expected) {
  const std::vector<float> y = format.quantize(x);
  int shown = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float wanted = expected(x[i]);
    if (!same(y[i], wanted) && shown++ < 5) {
      BOOST_ERROR(what << ": " << x[i] << " is " << y[i] << ", not " << wanted);
    }
  }
  BOOST_TEST(shown == 0, what << ": " << shown << " values differ");
  return static_cast<long>(x.size());
}

// Codes make the values again, bit for bit, and have the width (the host refuses others).
inline void check_codes(const OneFormat& format, std::vector<float> x, int width) {
  std::erase_if(x, [](float v) { return std::isnan(v); });
  const std::vector<float> y = format.quantize(x);
  const lathe::IntegerCodes codes = format.codes(x);
  BOOST_TEST(codes.width == width);
  const std::vector<float> made = codes.values();
  long wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!same(made[i], y[i])) ++wrong;
  }
  BOOST_TEST(wrong == 0);
  BOOST_TEST(contains(message_of([&] { format.codes({1.0F, std::nanf("")}); }), "NaN has no code"));
}

inline float golden_float(const json& number) {
  if (!number.is_string()) return static_cast<float>(number.get<double>());
  const std::string text = number;
  return text == "nan"    ? std::numeric_limits<float>::quiet_NaN()
         : text == "-inf" ? -std::numeric_limits<float>::infinity()
                          : std::numeric_limits<float>::infinity();
}
inline std::vector<float> golden_floats(const json& numbers) {
  std::vector<float> all;
  for (const json& number : numbers) all.push_back(golden_float(number));
  return all;
}

// Options of a golden case, with the original's values.
inline json original_options(const json& config) {
  json options = config;
  options["mase_compat"] = true;
  return options;
}

// The cases of one quantizer of quantizers_elementwise.json, bit for bit; returns how many.
inline int check_elementwise_golden(const std::string& quantizer, const std::string& format) {
  const json file = golden_json("quantizers_elementwise.json");
  int cases = 0;
  for (const json& row : file.at("cases")) {
    if (row.at("quantizer") != quantizer) continue;
    const OneFormat original(format, original_options(row.at("config")));
    for (const auto& [set, expected] : row.at("outputs").items()) {
      const std::vector<float> x = golden_floats(file.at("inputs").at(set).at("data"));
      const std::vector<float> wanted = golden_floats(expected), y = original.quantize(x);
      for (std::size_t i = 0; i < x.size(); ++i) {
        BOOST_TEST(same(y[i], wanted[i]), row.at("config") << " " << set << ": " << x[i] << " is "
                                                           << y[i] << ", not " << wanted[i]);
      }
    }
    BOOST_TEST(row.at("grad_ties_equals_upstream").get<bool>() !=
               original.instance().has_backward());
    ++cases;
  }
  return cases;
}

}  // namespace lathe_test
