// Number formats integer and integer_floor: against MASE's numbers, and against their definition in
// exact arithmetic.
#include "tests/plugins/transforms/formats/probes.hpp"

namespace {

using namespace lathe_test;

std::vector<float> quantized(const json& options, const std::vector<float>& x,
                             const char* op = "linear", lathe_role role = LATHE_ROLE_DATA_IN,
                             const char* format = "integer") {
  return OneFormat(format, options, role, op).quantize(x);
}

// docs/mase.md, Number formats, in long double: every float and every code up to 64 bits is exact.
float oracle(float x, int width, int frac_width, bool is_signed, bool is_floor = false) {
  if (std::isnan(x)) return x;
  const long double low = is_signed ? -std::ldexp(1.0L, width - 1) : 0.0L;
  const long double high = std::ldexp(1.0L, is_signed ? width - 1 : width) - 1.0L;
  const long double scaled = std::ldexp(static_cast<long double>(x), frac_width);
  const long double whole = is_floor ? std::floor(scaled) : std::nearbyint(scaled);
  long double k = scaled <= low ? low : scaled >= high ? high : whole;
  // A code that no float holds is saturated to the next that one holds.
  while (static_cast<long double>(static_cast<float>(k)) != k) {
    k = static_cast<long double>(std::nextafter(static_cast<float>(k), 0.0F));
  }
  return static_cast<float>(std::ldexp(k, -frac_width));
}

std::vector<float> around_codes(int frac_width, unsigned seed) {
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

// Every width and point, signed and not, against the oracle; zeros are positive.
void check_definition(const char* format, bool is_floor) {
  long checked = 0;
  for (const bool is_signed : {true, false}) {
    for (const int width : {1, 2, 3, 4, 8, 12, 16, 24, 25, 32, 48, 63, 64}) {
      for (const int frac_width : {-64, -5, 0, 1, 4, 7, 16, 30, 64}) {
        const json options = {
            {"width", width}, {"frac_width", frac_width}, {"is_signed", is_signed}};
        checked += check_against(
            OneFormat(format, options), around_codes(frac_width, static_cast<unsigned>(width)),
            options.dump(),
            [&](float x) { return oracle(x, width, frac_width, is_signed, is_floor) + 0.0F; });
      }
    }
  }
  for (const auto& [width, frac_width] :
       {std::pair{8, 4}, {4, 2}, {16, 8}, {2, 0}, {6, 9}, {8, -2}}) {
    for (const bool is_signed : {true, false}) {
      const json options = {{"width", width}, {"frac_width", frac_width}, {"is_signed", is_signed}};
      checked += check_against(
          OneFormat(format, options),
          is_signed != (width == 16 || width == 6) ? million_probes() : probes(), options.dump(),
          [&](float x) { return oracle(x, width, frac_width, is_signed, is_floor) + 0.0F; });
    }
  }
  BOOST_TEST_MESSAGE(format << ": " << checked << " values against the definition");
}

}  // namespace

BOOST_AUTO_TEST_CASE(integers_are_the_nearest_codes) { check_definition("integer", false); }

BOOST_AUTO_TEST_CASE(integers_of_integer_floor_are_the_next_below) {
  check_definition("integer_floor", true);
}

BOOST_AUTO_TEST_CASE(codes_make_the_values_again) {
  for (const char* format : {"integer", "integer_floor"}) {
    for (const bool is_signed : {true, false}) {
      for (const int width : {1, 2, 4, 8, 16, 24, 25, 26, 32, 53, 54, 62, 63, 64}) {
        for (const int frac_width : {-64, 0, 5, 64}) {
          const json options = {
              {"width", width}, {"frac_width", frac_width}, {"is_signed", is_signed}};
          check_codes(OneFormat(format, options), around_codes(frac_width, 3), width);
        }
      }
    }
  }
  const std::vector<std::int64_t> expected = {127, -128, -24, 0};
  const OneFormat fixed("integer", {{"width", 8}, {"frac_width", 4}});
  BOOST_TEST(fixed.codes({100.0F, -100.0F, -1.5F, -0.0F}).codes == expected,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(codes_of_the_originals_clamp_fit_the_width) {
  for (const bool is_signed : {true, false}) {
    for (const int width : {8, 25, 26, 32, 63, 64}) {
      const OneFormat format(
          "integer",
          {{"width", width}, {"frac_width", 0}, {"is_signed", is_signed}, {"mase_compat", true}});
      check_codes(format, {1e30F, 3.0F, std::ldexp(1.0F, width)}, width);
    }
  }
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
  const std::vector<float> x = around_codes(3, 7);
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

BOOST_AUTO_TEST_CASE(the_originals_integers_are_the_same_bits) {
  BOOST_TEST(check_elementwise_golden("integer", "integer") == 12);
  BOOST_TEST(check_elementwise_golden("integer", "fixed") == 12);
}

BOOST_AUTO_TEST_CASE(the_originals_integer_floor_is_the_same_bits) {
  const json file = golden_json("quantizers_mx_head.json");
  int cases = 0;
  for (const json& row : file.at("cases")) {
    if (row.at("quantizer") != "integer_floor") continue;
    const std::vector<float> x =
        golden_floats(file.at("inputs").at(row.at("input").get<std::string>()).at("data"));
    const OneFormat original("integer_floor", original_options(row.at("config")));
    BOOST_TEST(std::ranges::equal(original.quantize(x), golden_floats(row.at("output")), same),
               row.at("config") << " " << row.at("input"));
    ++cases;
  }
  BOOST_TEST(cases == 12);
}

BOOST_AUTO_TEST_CASE(the_originals_codes_for_hardware_are_codes_modulo_the_width) {
  const json file = golden_json("quantizers_misc.json");
  int cases = 0;
  for (const json& row : file.at("integer_quantizer_for_hw")) {
    const OneFormat format("integer",
                           {{"width", row.at("width")}, {"frac_width", row.at("frac_width")}});
    std::vector<std::int64_t> codes = format.codes(golden_floats(row.at("x").at("data"))).codes;
    for (std::int64_t& code : codes) code &= (1 << row.at("width").get<int>()) - 1;
    BOOST_TEST(codes == row.at("out").get<std::vector<std::int64_t>>(),
               boost::test_tools::per_element());
    ++cases;
  }
  BOOST_TEST(cases == 2);
}

BOOST_AUTO_TEST_CASE(an_open_point_follows_the_originals_rule_with_mase_compat) {
  const json file = golden_json("quantizers_misc.json");
  int cases = 0;
  for (const json& row : file.at("integer_fraction")) {
    const OneFormat format("integer", {{"width", row.at("width")}, {"mase_compat", true}});
    const lathe::Value fitted =
        format.fit({2}, {{golden_float(row.at("min")), golden_float(row.at("max")), 1.0}});
    BOOST_TEST(to_json(fitted).at("frac_width") == row.at("out"));
    ++cases;
  }
  BOOST_TEST(cases == 6);
}

BOOST_AUTO_TEST_CASE(an_open_point_is_the_finest_that_holds_the_range) {
  const auto point = [](const char* format, float low, float high) {
    return to_json(OneFormat(format, {{"width", 4}}).fit({2}, {{low, high, 1.0}}))
        .at("frac_width")
        .dump();
  };
  BOOST_TEST(point("integer", -1.0F, 0.875F) == "3");
  BOOST_TEST(point("integer", -1.0F, 0.9F) == "3");  // rounds to 7 / 8
  BOOST_TEST(point("integer", -1.0F, 0.95F) == "2");
  BOOST_TEST(point("integer", -1.1F, 0.0F) == "2");
  BOOST_TEST(point("integer_floor", -1.0F, 0.95F) == "3");
  BOOST_TEST(point("integer_floor", -1.01F, 0.0F) == "2");
  BOOST_TEST(point("integer", 0.0F, 900.0F) == "-7");
  BOOST_TEST(point("integer", 0.0F, 0.0F) == "null");
}

BOOST_AUTO_TEST_CASE(storage_is_the_width_of_every_element) {
  const lathe::Component& component = built_plugins().find(lathe::Kind::format, "integer");
  const lathe::FormatInstance format(
      component, lathe::check_options(component.options, to_value({{"width", 5}})));
  BOOST_TEST(format.storage_bits(SiteOf({3, 7}).site()) == 105);
  BOOST_TEST(format.precision().text() == "[5, 2]");
  BOOST_TEST(!format.has_backward());
}
