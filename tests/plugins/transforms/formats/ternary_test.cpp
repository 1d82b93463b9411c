// Number format ternary against its definition (TWN) in double, and against MASE's values.
#include "tests/plugins/one_format.hpp"
#include "tests/plugins/transforms/formats/inputs.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

namespace {

using namespace lathe_test;

// Which granule an element belongs to.
using Granule = std::size_t (*)(std::size_t element);

struct Measured {
  std::vector<double> delta, alpha;
};
Measured measure(const std::vector<float>& x, Granule granule, std::size_t granules, bool scaled) {
  const auto mean_above = [&](const std::vector<double>* bound) {
    std::vector<long double> sum(granules);
    std::vector<double> count(granules);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double size = std::fabs(static_cast<double>(x[i]));
      const std::size_t g = granule(i);
      if (!std::isfinite(size) || (bound != nullptr && size <= (*bound)[g])) continue;
      sum[g] += static_cast<long double>(size);
      ++count[g];
    }
    std::vector<double> mean(granules);
    for (std::size_t g = 0; g < granules; ++g) {
      if (count[g] > 0) mean[g] = static_cast<double>(sum[g]) / count[g];
    }
    return mean;
  };
  Measured out{mean_above(nullptr), std::vector<double>(granules, 1.0)};
  for (double& delta : out.delta) delta *= 0.75;
  if (scaled) out.alpha = mean_above(&out.delta);
  return out;
}

void check_values(const std::vector<float>& x, const std::vector<float>& y, Granule granule,
                  std::size_t granules, bool scaled) {
  const Measured of = measure(x, granule, granules, scaled);
  long wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t g = granule(i);
    const double size = std::fabs(static_cast<double>(x[i]));
    const double expected = size <= of.delta[g] ? 0.0 : std::copysign(of.alpha[g], x[i]);
    const double error = std::fabs(static_cast<double>(y[i]) - expected);
    if (std::isnan(x[i]) ? std::isnan(y[i]) : error <= 1e-7 * std::fabs(expected)) continue;
    if (++wrong < 5) BOOST_ERROR(x[i] << " is " << y[i] << ", not " << expected);
  }
  BOOST_TEST(wrong == 0);
}

std::vector<float> inputs() {
  std::vector<float> x = all_halves();
  const std::vector<float> random = random_floats(200000, 1);
  x.insert(x.end(), random.begin(), random.end());
  return x;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ternary_format)

BOOST_AUTO_TEST_CASE(values_are_the_papers_on_all_halves_and_random_floats) {
  const std::vector<float> x = inputs();
  const auto whole = [](std::size_t) { return std::size_t{0}; };
  for (const bool scaled : {true, false}) {
    check_values(x, OneFormat("ternary", {{"scaling_factor", scaled}}).quantize(x), whole, 1,
                 scaled);
  }
}

BOOST_AUTO_TEST_CASE(samples_and_channels_have_means_of_their_own) {
  // Runs of one, a few and many elements.
  const std::vector<float> x = random_floats(6000, 2);
  const auto by = [](const char* granularity, lathe_role role = LATHE_ROLE_WEIGHT) {
    return OneFormat("ternary", {{"granularity", granularity}}, role);
  };
  check_values(
      x, by("sample").quantize(x, {60, 100}), [](std::size_t i) { return i / 100; }, 60, true);
  check_values(
      x, by("channel").quantize(x, {600, 10}), [](std::size_t i) { return i / 10; }, 600, true);
  check_values(
      x, by("channel", LATHE_ROLE_DATA_IN).quantize(x, {60, 100}),
      [](std::size_t i) { return i % 100; }, 100, true);
  check_values(
      x, by("channel", LATHE_ROLE_DATA_IN).quantize(x, {10, 12, 5, 10}),
      [](std::size_t i) { return i / 50 % 12; }, 12, true);
  check_values(
      x, by("channel", LATHE_ROLE_DATA_IN).quantize(x, {6000}),
      [](std::size_t) { return std::size_t{0}; }, 1, true);
}

BOOST_AUTO_TEST_CASE(given_numbers_replace_what_is_measured) {
  const std::vector<float> x{0.5F, -0.6F, 0.61F, -2.0F};
  const json plain{{"scaling_factor", false}};
  json options = plain;
  options["threshold"] = 0.6;
  const std::vector<float> by_threshold{0, -1, 1, -1};  // -0.6 in float32 is beyond -0.6
  BOOST_TEST(OneFormat("ternary", options).quantize(x) == by_threshold,
             boost::test_tools::per_element());
  options = plain;
  options["mean"] = 1.0;  // the threshold is 0.75
  const std::vector<float> by_mean{0, 0, 0, -1};
  BOOST_TEST(OneFormat("ternary", options).quantize(x) == by_mean,
             boost::test_tools::per_element());
  options = {{"median", 7.0}, {"max", 9.0}};
  BOOST_TEST((OneFormat("ternary", options).quantize(x) ==
              OneFormat("ternary", json::object()).quantize(x)));
}

BOOST_AUTO_TEST_CASE(infinities_and_nans_do_not_enter_the_means) {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> y =
      OneFormat("ternary", json::object()).quantize({1.0F, -3.0F, 0.5F, inf, -inf, std::nanf("")});
  // The mean of 1, 3 and 0.5 is 1.5, the threshold 1.125.
  const std::vector<float> expected{0, -3, 0, 3, -3};
  for (std::size_t i = 0; i < 5; ++i) BOOST_TEST(y[i] == expected[i]);
  BOOST_TEST(std::isnan(y[5]));
}

BOOST_AUTO_TEST_CASE(zeros_and_empty_tensors_are_no_trouble) {
  const OneFormat format("ternary", json::object());
  for (const float y : format.quantize({0.0F, -0.0F, 0.0F})) BOOST_TEST(y == 0.0F);
  BOOST_TEST(format.quantize({}, {0}).empty());
  BOOST_TEST(OneFormat("ternary", {{"granularity", "sample"}}).quantize({}, {3, 0}).empty());
  BOOST_TEST(OneFormat("ternary", {{"granularity", "channel"}}).quantize({2.0F}, {1, 1})[0] ==
             2.0F);
}

BOOST_AUTO_TEST_CASE(codes_rebuild_the_values_bit_for_bit) {
  const std::vector<float> x = random_floats(6000, 3);
  for (const char* granularity : {"tensor", "sample", "channel"}) {
    for (const bool scaled : {true, false}) {
      const OneFormat format("ternary", {{"granularity", granularity}, {"scaling_factor", scaled}},
                             LATHE_ROLE_DATA_IN);
      const lathe::IntegerCodes codes = format.codes(x, {20, 30, 10});
      BOOST_TEST(codes.width == 2);
      BOOST_TEST((codes.values() == format.quantize(x, {20, 30, 10})));
    }
  }
  const OneFormat format("ternary", json::object());
  BOOST_TEST(contains(message_of([&] { format.codes({1.0F, std::nanf("")}); }), "NaN has no code"));
}

BOOST_AUTO_TEST_CASE(operators_of_mase_have_the_same_values) {
  int cases = 0;
  const json file = golden_json("quantizers_binary_ternary.json");
  for (const json& of : file.at("cases")) {
    const auto x = of.at("x").at("data").get<std::vector<float>>();
    const auto shape = of.at("x").at("shape").get<OneFormat::Extents>();
    for (const auto& [name, values] : of.at("outputs").items()) {
      if (name.rfind("Ternary", 0) != 0 && name.rfind("ternary_quantizer", 0) != 0) continue;
      json options{{"mase_compat", true},
                   {"scaling_factor", name == "TernaryScaled" || contains(name, "factor=True")}};
      if (contains(name, "threshold")) options["threshold"] = 0.9;
      if (contains(name, "mean")) options["mean"] = 0.8;
      if (contains(name, "maximum")) options["max"] = 2.0;
      const std::vector<float> y = OneFormat("ternary", options).quantize(x, shape);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const bool good = values.at(i).is_string()
                              ? std::isnan(y[i])
                              : std::fabs(y[i] - values.at(i).get<float>()) <= 1e-6F;
        BOOST_TEST(good, name << " of " << x[i] << ": " << y[i] << ", not " << values.at(i));
      }
      ++cases;
    }
  }
  BOOST_TEST(cases == 3 * 8);
}

BOOST_AUTO_TEST_CASE(with_mase_compat_only_weights_of_layers_are_quantized) {
  const std::vector<float> x{0.1F, -2.0F};
  const auto is_left = [&](const char* op, lathe_role role) {
    const OneFormat format("ternary", {{"mase_compat", true}}, role, op);
    return format.quantize(x, {1, 2}) == x && format.storage_bits({1, 2}) == 64.0;
  };
  for (const char* op : {"linear", "conv1d", "conv2d"}) {
    BOOST_TEST(!is_left(op, LATHE_ROLE_WEIGHT));
    BOOST_TEST(is_left(op, LATHE_ROLE_DATA_IN));
    BOOST_TEST(is_left(op, LATHE_ROLE_BIAS));
  }
  BOOST_TEST(is_left("relu", LATHE_ROLE_DATA_IN));
  BOOST_TEST(is_left("avg_pool2d", LATHE_ROLE_DATA_IN));
  BOOST_TEST(!is_left("add", LATHE_ROLE_DATA_IN));
}

BOOST_AUTO_TEST_CASE(storage_is_two_bits_and_a_scale_for_each_sample_or_channel) {
  const auto bits = [](const json& options) {
    return OneFormat("ternary", options).storage_bits({10, 3});
  };
  BOOST_TEST(bits(json::object()) == 60.0);
  BOOST_TEST(bits({{"granularity", "channel"}}) == 60.0 + 320);
  BOOST_TEST(bits({{"granularity", "sample"}, {"scaling_factor", false}}) == 60.0);
  const OneFormat format("ternary", {{"mean", 0.5}, {"width", 32}, {"mase_compat", true}});
  BOOST_TEST(format.instance().precision().text() == "[32, true, 0.5, NA, NA]");
  BOOST_TEST(!format.instance().has_backward());
}

BOOST_AUTO_TEST_CASE(only_what_looks_at_a_batch_is_shown_whole_ones) {
  const auto apart = [](const json& options) {
    return OneFormat("ternary", options).instance().has(LATHE_FLAG_ROWS_APART);
  };
  BOOST_TEST(!apart(json::object()));
  BOOST_TEST(apart({{"granularity", "sample"}}));
  BOOST_TEST(!apart({{"threshold", 0.5}}));
  BOOST_TEST(apart({{"threshold", 0.5}, {"scaling_factor", false}}));
}

BOOST_AUTO_TEST_CASE(wrong_options_are_refused) {
  for (const json& options :
       {json{{"granularity", "row"}}, json{{"threshold", -0.1}}, json{{"mean", -1.0}},
        json{{"threshold", 0.5}, {"mean", 0.5}}, json{{"scaling_factor", 2}}}) {
    const std::string said = message_of([&] { const OneFormat made("ternary", options); });
    BOOST_TEST(contains(said, options.begin().key()), options << ": " << said);
  }
}

BOOST_AUTO_TEST_SUITE_END()
