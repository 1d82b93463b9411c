// Number format log: against its definition in exact arithmetic, and against MASE's numbers.
#include "tests/plugins/transforms/formats/probes.hpp"

namespace {

using namespace lathe_test;

struct Layout {
  int width;
  std::optional<int> exponent_bias = {};
  int bias() const { return exponent_bias.value_or((1 << (width - 2)) - 1); }
  json options() const {
    json all = {{"width", width}};
    if (exponent_bias) all["exponent_bias"] = *exponent_bias;
    return all;
  }
};

// The first six see a million floats.
const std::vector<Layout> kLayouts = {
    {8},       {4},  {4, 3}, {8, 64},  {5, 8},    {2},      {3, -10}, {9},         {9, 140},
    {10, 149}, {12}, {16},   {2, 150}, {2, -127}, {6, 180}, {8, -90}, {16, 32915}, {7, 100}};

// The power of two whose exponent is nearest to log2 of abs(x): E + 1 where x^2 > 2^(2E+1). The
// square of a float is exact in long double.
float oracle(float x, const Layout& in) {
  if (std::isnan(x)) return x;
  const int low = std::clamp(-in.bias(), -149, 127);
  const int high = std::clamp((1 << (in.width - 1)) - 1 - in.bias(), -149, 127);
  if (x == 0) return std::ldexp(1.0F, low);
  int e = high;
  if (!std::isinf(x)) {
    e = std::ilogb(x);
    const long double rest = std::ldexp(static_cast<long double>(x), -e);
    if (rest * rest > 2) ++e;
  }
  return std::copysign(std::ldexp(1.0F, std::clamp(e, low, high)), x);
}

// Powers of two, the floats about the bounds between them, and some neighbours.
std::vector<float> bounds() {
  std::vector<float> x;
  for (int e = -149; e < 128; ++e) {
    for (const double at : {std::ldexp(1.0, e), std::ldexp(std::sqrt(2.0), e)}) {
      const auto near = static_cast<float>(at);
      for (const float size : {near, std::nextafter(near, 0.0F), std::nextafter(near, 3e38F)}) {
        x.insert(x.end(), {size, -size});
      }
    }
  }
  return x;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(log_format)

BOOST_AUTO_TEST_CASE(values_are_the_nearest_powers_in_the_logarithm) {
  long checked = 0;
  for (std::size_t i = 0; i < kLayouts.size(); ++i) {
    const Layout& in = kLayouts[i];
    const OneFormat format("log", in.options());
    const auto expected = [&](float x) { return oracle(x, in); };
    checked +=
        check_against(format, i < 6 ? million_probes() : probes(), in.options().dump(), expected);
    checked += check_against(format, bounds(), in.options().dump(), expected);
    check_codes(format, bounds(), in.width);
  }
  BOOST_TEST_MESSAGE("log: " << checked << " values against the definition");
}

BOOST_AUTO_TEST_CASE(zeros_are_the_least_positive_value) {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> expected = {0.125F, 0.125F, -0.125F, 16.0F, -16.0F, 1.0F, 2.0F};
  BOOST_TEST(
      OneFormat("log", {{"width", 4}})
              .quantize({0.0F, -0.0F, -1e-30F, inf, -inf, 1.41421354F, 1.41421366F}) == expected,
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(codes_are_sign_and_exponent) {
  const OneFormat format("log", {{"width", 4}, {"exponent_bias", 3}});
  const std::vector<std::int64_t> expected = {0, 3, 11, 15, 7};
  BOOST_TEST(format.codes({0.0F, 1.0F, -1.0F, -1e9F, 16.0F}).codes == expected,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_originals_logs_are_the_same_bits) {
  BOOST_TEST(check_elementwise_golden("log", "log") == 5);
  check_codes(OneFormat("log", {{"width", 6}, {"mase_compat", true}}), {0.0F, 1.0F, -3.0F, 1e9F},
              6);
}

BOOST_AUTO_TEST_CASE(an_open_bias_follows_from_the_range) {
  const OneFormat open("log", {{"width", 4}});
  const auto bias = [&](float low, float high) {
    return to_json(open.fit({4}, {{low, high, 1.0}})).at("exponent_bias").dump();
  };
  BOOST_TEST(bias(-1.0F, 0.5F) == "7");   // the largest value is 2^(7-b)
  BOOST_TEST(bias(-1.41F, 0.5F) == "7");  // nearer to 1
  BOOST_TEST(bias(-0.5F, 1.42F) == "6");  // nearer to 2
  BOOST_TEST(bias(0.0F, 16.0F) == "3");
  BOOST_TEST(bias(0.0F, 1e-45F) == "156");
  BOOST_TEST(bias(0.0F, 3e38F) == "-121");
  BOOST_TEST(bias(0.0F, 0.0F) == "null");
  BOOST_TEST(bias(1.0F, -1.0F) == "null");  // nothing was seen
}

BOOST_AUTO_TEST_CASE(storage_is_the_width_and_precision_mases_list) {
  const OneFormat format("log", {{"width", 6}, {"exponent_bias", "none"}});
  BOOST_TEST(format.storage_bits({3, 7}) == 126);
  BOOST_TEST(format.instance().precision().text() == "[6, 15]");
  BOOST_TEST(!format.instance().has_backward());
}

BOOST_AUTO_TEST_CASE(options_that_make_no_format_are_refused) {
  const auto refused = [](const json& options) {
    return message_of([&] { OneFormat("log", options); });
  };
  BOOST_TEST(contains(refused({{"width", 1}}), "'width'"));
  BOOST_TEST(contains(refused({{"width", 17}}), "'width'"));
  BOOST_TEST(contains(refused({{"width", 4}, {"exponent_bias", 157}}), "it is at most 156"));
  BOOST_TEST(contains(refused({{"exponent_bias", -128}}), "'exponent_bias'"));
}

BOOST_AUTO_TEST_SUITE_END()
