// Number format binary against its definition (BinaryNet, XNOR-Net), and against MASE's values.
#include "core/tensor/random.hpp"
#include "tests/plugins/one_format.hpp"
#include "tests/plugins/transforms/formats/inputs.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

namespace {

using namespace lathe_test;

using Granule = std::size_t (*)(std::size_t element);

std::vector<float> inputs() {
  std::vector<float> x = all_halves();
  const std::vector<float> random = random_floats(200000, 1);
  x.insert(x.end(), random.begin(), random.end());
  return x;
}

std::vector<double> means(const std::vector<float>& x, Granule granule, std::size_t granules) {
  std::vector<long double> sum(granules), count(granules);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i])) continue;
    sum[granule(i)] += std::fabs(static_cast<long double>(x[i]));
    ++count[granule(i)];
  }
  std::vector<double> out;
  for (std::size_t g = 0; g < granules; ++g) {
    out.push_back(count[g] > 0 ? static_cast<double>(sum[g] / count[g]) : 0.0);
  }
  return out;
}

void check_values(const std::vector<float>& x, const std::vector<float>& y,
                  const std::vector<double>& alpha, Granule granule, bool bipolar) {
  long wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double high = alpha[granule(i)];
    const double expected = x[i] >= 0 ? high : bipolar ? -high : 0.0;
    const double error = std::fabs(static_cast<double>(y[i]) - expected);
    if (std::isnan(x[i]) ? std::isnan(y[i]) : error <= 1e-7 * std::fabs(expected)) continue;
    if (++wrong < 5) BOOST_ERROR(x[i] << " is " << y[i] << ", not " << expected);
  }
  BOOST_TEST(wrong == 0);
}

double chance(double x) { return std::fmin(std::fmax((x + 1) / 2, 0.0), 1.0); }

std::vector<double> drawn(std::uint64_t seed, std::size_t count) {
  std::vector<double> out(count);
  lathe::uniform(seed, 0, 0, out);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(binary_format)

BOOST_AUTO_TEST_CASE(values_are_signs_on_all_halves_and_random_floats) {
  const std::vector<float> x = inputs();
  const auto whole = [](std::size_t) { return std::size_t{0}; };
  for (const bool bipolar : {true, false}) {
    for (const char* scale : {"none", "tensor"}) {
      const std::vector<double> alpha =
          std::string(scale) == "none" ? std::vector<double>{1.0} : means(x, whole, 1);
      check_values(x, OneFormat("binary", {{"bipolar", bipolar}, {"scale", scale}}).quantize(x),
                   alpha, whole, bipolar);
    }
  }
}

BOOST_AUTO_TEST_CASE(channels_have_means_of_their_own) {
  const std::vector<float> x = random_floats(6000, 2);
  const auto by = [](lathe_role role) { return OneFormat("binary", {{"scale", "channel"}}, role); };
  const auto check = [&](lathe_role role, const OneFormat::Extents& shape, Granule granule,
                         std::size_t granules) {
    check_values(x, by(role).quantize(x, shape), means(x, granule, granules), granule, true);
  };
  check(LATHE_ROLE_WEIGHT, {60, 100}, [](std::size_t i) { return i / 100; }, 60);
  check(LATHE_ROLE_WEIGHT, {600, 10}, [](std::size_t i) { return i / 10; }, 600);
  check(LATHE_ROLE_DATA_IN, {60, 100}, [](std::size_t i) { return i % 100; }, 100);
  check(LATHE_ROLE_DATA_IN, {10, 12, 5, 10}, [](std::size_t i) { return i / 50 % 12; }, 12);
  check(LATHE_ROLE_DATA_IN, {6000}, [](std::size_t) { return std::size_t{0}; }, 1);
}

BOOST_AUTO_TEST_CASE(signs_are_drawn_from_the_stream_with_their_chance) {
  std::vector<float> x = normal_floats(5000, 3);
  x.insert(x.end(), {1.0F, -1.0F, 30.0F, -std::numeric_limits<float>::infinity(), std::nanf("")});
  const std::vector<double> random = drawn(77, x.size());
  for (const bool bipolar : {true, false}) {
    const OneFormat format("binary", {{"stochastic", true}, {"bipolar", bipolar}});
    const std::vector<float> y = format.quantize(x, {}, 77);
    for (std::size_t i = 0; i + 1 < x.size(); ++i) {
      const bool is_high = random[i] < chance(static_cast<double>(x[i]));
      BOOST_TEST(y[i] == (is_high ? 1.0F : bipolar ? -1.0F : 0.0F));
    }
    BOOST_TEST(std::isnan(y.back()));
    BOOST_TEST(y[5001] == (bipolar ? -1.0F : 0.0F));
    BOOST_TEST(y[5002] == 1.0F);
    x.pop_back();
    BOOST_TEST((format.quantize(x, {}, 77) == std::vector<float>(y.begin(), y.end() - 1)));
    BOOST_TEST((format.quantize(x, {}, 78) != std::vector<float>(y.begin(), y.end() - 1)));
    x.push_back(std::nanf(""));
  }
}

BOOST_AUTO_TEST_CASE(only_a_form_that_draws_is_stochastic) {
  const auto has = [](const json& options, lathe_component_flags flag) {
    return OneFormat("binary", options).instance().has(flag);
  };
  BOOST_TEST(!has(json::object(), LATHE_FLAG_STOCHASTIC));
  BOOST_TEST(has({{"stochastic", true}}, LATHE_FLAG_STOCHASTIC));
  BOOST_TEST(!has({{"stochastic", true}, {"bipolar", false}, {"mase_compat", true}},
                  LATHE_FLAG_STOCHASTIC));
  BOOST_TEST(has(json::object(), LATHE_FLAG_ROWS_APART));
  BOOST_TEST(!has({{"scale", "tensor"}}, LATHE_FLAG_ROWS_APART));
}

BOOST_AUTO_TEST_CASE(the_gradient_passes_up_to_a_magnitude_of_one) {
  const std::vector<float> x{-2.0F, -1.0F, -0.5F, 0.0F, 1.0F, 1.0001F};
  const std::vector<float> dy{1, 2, 3, 4, 5, 6};
  const std::vector<float> clipped{0, 2, 3, 4, 5, 0};
  for (const json& options : {json::object(), json{{"ste", "clipped"}, {"mase_compat", true}},
                              json{{"scale", "tensor"}}, json{{"stochastic", true}}}) {
    BOOST_TEST(OneFormat("binary", options).backward(x, dy) == clipped,
               boost::test_tools::per_element());
  }
  for (const json& options : {json{{"ste", "identity"}}, json{{"mase_compat", true}}}) {
    BOOST_TEST(OneFormat("binary", options).backward(x, dy) == dy,
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(codes_rebuild_the_values_bit_for_bit) {
  const std::vector<float> x = random_floats(6000, 4);
  for (const char* scale : {"none", "tensor", "channel"}) {
    for (const bool bipolar : {true, false}) {
      for (const bool stochastic : {true, false}) {
        const OneFormat format(
            "binary", {{"scale", scale}, {"bipolar", bipolar}, {"stochastic", stochastic}});
        const lathe::IntegerCodes codes = format.codes(x, {20, 30, 10});
        BOOST_TEST(codes.width == 1);
        BOOST_TEST(!codes.is_signed);
        BOOST_TEST((codes.values() == format.quantize(x, {20, 30, 10})));
      }
    }
  }
  const OneFormat format("binary");
  BOOST_TEST(contains(message_of([&] { format.codes({1.0F, std::nanf("")}); }), "NaN has no code"));
}

BOOST_AUTO_TEST_CASE(infinities_and_zeros_are_no_trouble) {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> y =
      OneFormat("binary", {{"scale", "tensor"}}).quantize({1.0F, -3.0F, -0.0F, inf, -inf});
  // The mean of 1, 3 and 0.
  const float a = 4.0F / 3;
  const std::vector<float> expected{a, -a, a, a, -a};
  BOOST_TEST(y == expected, boost::test_tools::per_element());
  BOOST_TEST(OneFormat("binary", {{"scale", "channel"}}).quantize({}, {3, 0}).empty());
  for (const float zero : OneFormat("binary", {{"scale", "tensor"}}).quantize({0.0F, -0.0F})) {
    BOOST_TEST(zero == 0.0F);
  }
}

BOOST_AUTO_TEST_CASE(operators_of_mase_have_the_same_values) {
  int cases = 0;
  const json file = golden_json("quantizers_binary_ternary.json");
  for (const json& of : file.at("cases")) {
    const auto x = of.at("x").at("data").get<std::vector<float>>();
    const auto shape = of.at("x").at("shape").get<OneFormat::Extents>();
    const json compat{{"mase_compat", true}};
    const auto with = [&](json more) {
      more["mase_compat"] = true;
      return more;
    };
    const std::map<std::string, json> forms{
        {"BinaryBipolar", compat},
        {"BinaryBipolarScaled", with({{"scale", "tensor"}})},
        {"BinaryZeroOne", {{"bipolar", false}}},
        {"BinaryZeroScaled", with({{"bipolar", false}})},
        {"binary_quantizer(stochastic=True,bipolar=False)",
         with({{"stochastic", true}, {"bipolar", false}})},
        {"binary_quantizer(stochastic=False,bipolar=True)", compat},
        {"binary_quantizer(stochastic=False,bipolar=False)", with({{"bipolar", false}})}};
    for (const auto& [name, options] : forms) {
      const auto expected = of.at("outputs").at(name).get<std::vector<float>>();
      const std::vector<float> y = OneFormat("binary", options).quantize(x, shape);
      for (std::size_t i = 0; i < x.size(); ++i) {
        BOOST_TEST(std::fabs(y[i] - expected[i]) <= 1e-6F,
                   name << " of " << x[i] << ": " << y[i] << ", not " << expected[i]);
      }
      ++cases;
    }
    // The file says what was drawn; here that comes from the stream, by the same rule.
    const auto rule = [](float value, double random) {
      return chance(static_cast<double>(value)) >= random ? 1.0F : -1.0F;
    };
    const auto rand = of.at("rand").at("data").get<std::vector<float>>();
    const auto golden = of.at("outputs")
                            .at("binary_quantizer(stochastic=True,bipolar=True)")
                            .get<std::vector<float>>();
    const std::vector<float> y =
        OneFormat("binary", with({{"stochastic", true}})).quantize(x, shape, 5);
    const std::vector<double> random = drawn(5, x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      BOOST_TEST(rule(x[i], static_cast<double>(rand[i])) == golden[i]);
      BOOST_TEST(rule(x[i], random[i]) == y[i]);
    }
    ++cases;
  }
  BOOST_TEST(cases == 3 * 8);
}

BOOST_AUTO_TEST_CASE(the_quantizer_of_mase_has_the_same_bits) {
  const json file = golden_json("quantizers_elementwise.json");
  int sets = 0;
  const auto floats = [](const json& list) {
    std::vector<float> out;
    for (const json& item : list) {
      const std::string text = item.is_string() ? item.get<std::string>() : "";
      out.push_back(text == "inf"    ? std::numeric_limits<float>::infinity()
                    : text == "-inf" ? -std::numeric_limits<float>::infinity()
                    : text == "nan"  ? std::nanf("")
                                     : item.get<float>());
    }
    return out;
  };
  for (const json& of : file.at("cases")) {
    if (of.at("quantizer") != "binary" || !of.at("config").at("bipolar").get<bool>()) continue;
    for (const auto& [name, values] : of.at("outputs").items()) {
      const std::vector<float> x = floats(file.at("inputs").at(name).at("data"));
      BOOST_TEST(OneFormat("binary", {{"mase_compat", true}}).quantize(x) == floats(values),
                 boost::test_tools::per_element());
      ++sets;
    }
  }
  BOOST_TEST(sets == 6);
}

BOOST_AUTO_TEST_CASE(with_mase_compat_modules_leave_what_the_original_leaves) {
  const std::vector<float> x{0.1F, -2.0F};
  const auto is_left = [&](const char* op, lathe_role role) {
    const OneFormat format("binary", {{"mase_compat", true}}, role, op);
    return format.quantize(x, {1, 2}) == x && format.storage_bits({1, 2}) == 64.0;
  };
  for (const char* op : {"linear", "conv2d"}) {
    BOOST_TEST(!is_left(op, LATHE_ROLE_WEIGHT));
    BOOST_TEST(is_left(op, LATHE_ROLE_DATA_IN));
    BOOST_TEST(is_left(op, LATHE_ROLE_BIAS));
  }
  BOOST_TEST(!is_left("conv1d", LATHE_ROLE_DATA_IN));
  BOOST_TEST(!is_left("conv1d", LATHE_ROLE_BIAS));
  BOOST_TEST(is_left("relu", LATHE_ROLE_DATA_IN));
  BOOST_TEST(is_left("avg_pool2d", LATHE_ROLE_DATA_IN));
  BOOST_TEST(!is_left("mul", LATHE_ROLE_DATA_IN));
}

BOOST_AUTO_TEST_CASE(operands_of_mases_modules_are_the_same) {
  int operands = 0;
  const json file = golden_json("quantized_modules.json");
  const auto data = [](const json& of) {
    return (of.is_object() ? of.at("data") : of).get<std::vector<float>>();
  };
  for (const json& module : file.at("cases")) {
    for (const json& run : module.at("quantized")) {
      const std::string name = run.at("name");
      if ((name != "binary" && name != "ternary") || run.contains("error")) continue;
      const std::string op = module.at("op");
      const auto check = [&](const char* golden, const char* source, lathe_role role,
                             const std::string& prefix) {
        if (!run.contains(golden) || module.at(source).is_null()) return;
        json options{{"mase_compat", true}};
        for (const char* key : {"bipolar", "stochastic", "scaling_factor"}) {
          const json& config = run.at("config");
          if (config.contains(prefix + key)) options[key] = config.at(prefix + key);
        }
        const auto shape = module.at(source).at("shape").get<OneFormat::Extents>();
        const std::vector<float> y =
            OneFormat(name, options, role, op).quantize(data(module.at(source)), shape);
        const std::vector<float> expected = data(run.at(golden));
        BOOST_REQUIRE(y.size() == expected.size());
        for (std::size_t i = 0; i < y.size(); ++i) {
          BOOST_TEST(std::fabs(y[i] - expected[i]) <= 1e-6F, op << " " << name << " " << golden);
        }
        ++operands;
      };
      check("x_q", "x", LATHE_ROLE_DATA_IN, "data_in_");
      check("w_q", "weight", LATHE_ROLE_WEIGHT, "weight_");
      check("b_q", "bias", LATHE_ROLE_BIAS, "bias_");
    }
  }
  BOOST_TEST(operands == 26);
}

BOOST_AUTO_TEST_CASE(storage_is_a_bit_and_a_scale_for_each_channel) {
  BOOST_TEST(OneFormat("binary").storage_bits({10, 3}) == 30.0);
  BOOST_TEST(OneFormat("binary", {{"scale", "tensor"}}).storage_bits({10, 3}) == 30.0);
  BOOST_TEST(OneFormat("binary", {{"scale", "channel"}}).storage_bits({10, 3}) == 350.0);
  BOOST_TEST(OneFormat("binary").instance().precision().text() == "[1, false, true]");
  BOOST_TEST(
      OneFormat("binary", {{"width", 32}, {"mase_compat", true}}).instance().precision().text() ==
      "[32, false, true]");
}

BOOST_AUTO_TEST_CASE(wrong_options_are_refused) {
  for (const json& options :
       {json{{"scale", "row"}}, json{{"ste", "none"}}, json{{"width", 0}}, json{{"bipolar", 3}}}) {
    const std::string said = message_of([&] { const OneFormat made("binary", options); });
    BOOST_TEST(contains(said, options.begin().key()), options << ": " << said);
  }
}

BOOST_AUTO_TEST_SUITE_END()
