// Number format integer: against MASE's operands, and against its definition in exact arithmetic.
#include "core/tensor/borrowed_tensor.hpp"
#include "tests/plugins/workbench.hpp"
#include "tests/support/format_call.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <random>

namespace {

using namespace lathe_test;

std::vector<float> quantized(const json& options, std::vector<float> x, const char* op = "linear",
                             lathe_role role = LATHE_ROLE_DATA_IN, const char* format = "integer") {
  const lathe::Component& component = built_plugins().find(lathe::Kind::format, format);
  const lathe::FormatInstance instance(component,
                                       lathe::check_options(component.options, to_value(options)));
  lathe::BorrowedTensor tensor(lathe::DType::float32, x.data(),
                               std::array{static_cast<std::int64_t>(x.size())}, 0);
  const FormatCall call(role, op);
  instance.quantize(call.context(), tensor.view(), tensor.view());
  return x;
}

// docs/mase.md, Number formats, in long double: every float and every code up to 64 bits is exact.
float oracle(float x, int width, int frac_width, bool is_signed) {
  if (std::isnan(x)) return x;
  const long double low = is_signed ? -std::ldexp(1.0L, width - 1) : 0.0L;
  const long double high = std::ldexp(1.0L, is_signed ? width - 1 : width) - 1.0L;
  const long double scaled = std::ldexp(static_cast<long double>(x), frac_width);
  long double k = scaled <= low ? low : scaled >= high ? high : std::nearbyint(scaled);
  // A code that no float holds is saturated to the next that one holds.
  while (static_cast<long double>(static_cast<float>(k)) != k) {
    k = static_cast<long double>(std::nextafter(static_cast<float>(k), 0.0F));
  }
  return static_cast<float>(std::ldexp(k, -frac_width));
}

std::vector<float> probes(int frac_width, unsigned seed) {
  std::vector<float> x = {0.0F,
                          -0.0F,
                          1e-30F,
                          -1e-30F,
                          1e30F,
                          -1e30F,
                          std::numeric_limits<float>::max(),
                          std::numeric_limits<float>::denorm_min(),
                          std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()};
  for (int k = -300; k <= 300; ++k) {  // codes, ties, and their neighbours
    const float tie = std::ldexp(static_cast<float>(k) * 0.5F, -frac_width);
    x.insert(x.end(), {tie, std::nextafter(tie, 1e9F), std::nextafter(tie, -1e9F)});
  }
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  for (int i = 0; i < 2000; ++i)
    x.push_back(normal(random) * std::ldexp(1.0F, i % 12 - frac_width));
  return x;
}

}  // namespace

BOOST_AUTO_TEST_CASE(integers_are_the_nearest_codes) {
  long checked = 0;
  for (const bool is_signed : {true, false}) {
    for (const int width : {1, 2, 3, 4, 8, 12, 16, 24, 25, 32, 48, 63, 64}) {
      for (const int frac_width : {-64, -5, 0, 1, 4, 7, 16, 30, 64}) {
        const std::vector<float> x = probes(frac_width, static_cast<unsigned>(width));
        const std::vector<float> y =
            quantized({{"width", width}, {"frac_width", frac_width}, {"is_signed", is_signed}}, x);
        for (std::size_t i = 0; i < x.size(); ++i) {
          if (y[i] != oracle(x[i], width, frac_width, is_signed)) {
            BOOST_ERROR("x " << x[i] << " width " << width << " frac_width " << frac_width << " is "
                             << y[i] << ", not " << oracle(x[i], width, frac_width, is_signed));
          }
          ++checked;
        }
      }
    }
  }
  BOOST_TEST(checked > 0);
  BOOST_TEST_MESSAGE("integer: " << checked << " values against the definition");
}

BOOST_AUTO_TEST_CASE(nan_stays_nan_and_infinities_saturate) {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> y = quantized({{"width", 8}, {"frac_width", 4}},
                                         {std::numeric_limits<float>::quiet_NaN(), inf, -inf});
  BOOST_TEST(std::isnan(y[0]));
  BOOST_TEST(y[1] == 127.0F / 16);
  BOOST_TEST(y[2] == -8.0F);
}

BOOST_AUTO_TEST_CASE(a_frac_width_that_is_not_given_is_half_the_width) {
  BOOST_TEST(quantized({{"width", 7}, {"frac_width", nullptr}}, {0.13F})[0] == 0.125F);
}

BOOST_AUTO_TEST_CASE(relu_takes_the_unsigned_form) {
  const json options = {{"width", 8}, {"frac_width", 4}};
  BOOST_TEST(quantized(options, {12.0F}, "relu")[0] == 12.0F);
  BOOST_TEST(quantized(options, {12.0F}, "linear")[0] == 127.0F / 16);
  BOOST_TEST(quantized(options, {-1.0F}, "relu")[0] == 0.0F);
}

BOOST_AUTO_TEST_CASE(fixed_is_integer_by_its_other_name) {
  const json options = {{"width", 5}, {"frac_width", 3}};
  const std::vector<float> x = probes(3, 7);
  BOOST_TEST(
      (quantized(options, x, "linear", LATHE_ROLE_WEIGHT, "fixed") == quantized(options, x)));
}

BOOST_AUTO_TEST_CASE(operands_of_mases_integer_modules_are_the_same_bits) {
  int cases = 0, values = 0;
  const json golden_file = golden_json("quantized_modules.json");
  for (const json& module : golden_file.at("cases")) {
    for (const json& run : module.at("quantized")) {
      if (run.at("name") != "integer" || run.contains("error")) continue;
      const json& config = run.at("config");
      if (config.value("bypass", false)) continue;
      const std::string op = module.at("op");
      const auto check = [&](const char* golden, const char* source, const std::string& role) {
        if (!run.contains(golden) || module.at(source).is_null()) return;
        const json& x = module.at(source);
        const json options = {{"width", config.at(role + "_width")},
                              {"frac_width", config.at(role + "_frac_width")}};
        const auto data = (x.is_object() ? x.at("data") : x).get<std::vector<float>>();
        const auto y = quantized(options, data, op.c_str());
        const auto expected = run.at(golden).is_object()
                                  ? run.at(golden).at("data").get<std::vector<float>>()
                                  : run.at(golden).get<std::vector<float>>();
        BOOST_TEST((y == expected), op << " " << golden);
        values += static_cast<int>(y.size());
      };
      check("x_q", "x", "data_in");
      check("w_q", "weight", "weight");
      check("b_q", "bias", "bias");
      ++cases;
    }
  }
  BOOST_TEST_MESSAGE("quantized_modules.json: " << cases << " integer cases, " << values
                                                << " operand values");
  BOOST_TEST(values > 0);
}

BOOST_AUTO_TEST_CASE(storage_is_the_width_of_every_element) {
  const lathe::Component& component = built_plugins().find(lathe::Kind::format, "integer");
  const lathe::FormatInstance format(
      component, lathe::check_options(component.options, to_value({{"width", 5}})));
  BOOST_TEST(format.storage_bits(SiteOf({3, 7}).site()) == 105);
  BOOST_TEST(format.precision().text() == "[5, 2]");
  BOOST_TEST(!format.has_backward());
}
