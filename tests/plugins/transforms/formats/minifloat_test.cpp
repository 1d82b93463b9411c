// Number formats minifloat_ieee and minifloat_denorm: against a search through all their values,
// and against MASE's numbers.
#include "tests/plugins/transforms/formats/probes.hpp"

namespace {

using namespace lathe_test;

struct Layout {
  int width, exponent_width;
  std::optional<int> exponent_bias = {};
  int bias() const { return exponent_bias.value_or((1 << (exponent_width - 1)) - 1); }
  int mantissa() const { return width - exponent_width - 1; }
  int top() const { return (1 << exponent_width) - 1 - bias(); }
  json options() const {
    json all = {{"width", width}, {"exponent_width", exponent_width}};
    if (exponent_bias) all["exponent_bias"] = *exponent_bias;
    return all;
  }
  std::string text() const { return options().dump(); }
};

// The first six see a million floats.
const std::vector<Layout> kLayouts = {
    {8, 4},       {8, 5},      {6, 3, 2},    {4, 2},      {12, 4, 5},   {8, 3},
    {3, 1},       {5, 1, 3},   {10, 5},      {16, 8},     {13, 8, 140}, {12, 8, 128},
    {8, 4, -100}, {9, 2, 129}, {10, 8, 381}, {14, 6, 60}, {8, 4, 141},  {16, 5}};

// ±2^E (1 + k / 2^m) for E from 1 - b, 2^(1-b) k / 2^m below.
Magnitudes with_implicit_one(const Layout& in) {
  std::vector<Magnitude> all;
  const int m = in.mantissa(), least = 1 - in.bias();
  for (int k = 0; k < 1 << m; ++k) {
    all.push_back({std::ldexp(k, least - m), k % 2 == 0});
    for (int e = least; e <= in.top(); ++e) {
      all.push_back({std::ldexp(k + std::ldexp(1.0, m), e - m), k % 2 == 0});
    }
  }
  return Magnitudes(std::move(all));
}

// ±2^E k / 2^m for E from -b: of two neighbours that with even k in the grid of the largest E that
// both are multiples in.
Magnitudes without_implicit_one(const Layout& in) {
  std::vector<Magnitude> all;
  const int m = in.mantissa();
  for (int e = -in.bias(); e <= in.top(); ++e) {
    for (int k = 0; k < 1 << m; ++k) all.push_back({std::ldexp(k, e - m), k % 2 == 0});
  }
  // The entries of a magnitude keep the order of E; the first is the finest grid's, the one that it
  // shares with what is below.
  return Magnitudes(std::move(all));
}

void check_all(const char* format, Magnitudes (*values)(const Layout&)) {
  long checked = 0;
  for (std::size_t i = 0; i < kLayouts.size(); ++i) {
    const Layout& in = kLayouts[i];
    const Magnitudes all = values(in);
    const OneFormat made(format, in.options());
    const auto nearest = [&](float x) { return all.nearest(x); };
    checked += check_against(made, i < 6 ? million_probes() : probes(), in.text(), nearest);
    checked += check_against(made, all.probes(), in.text(), nearest);
    check_codes(made, all.probes(), in.width);
  }
  BOOST_TEST_MESSAGE(format << ": " << checked << " values against the definition");
}

float one(const OneFormat& format, float x) { return format.quantize({x})[0]; }

}  // namespace

BOOST_AUTO_TEST_SUITE(minifloat)

BOOST_AUTO_TEST_CASE(minifloat_ieee_is_the_nearest_of_all_values) {
  check_all("minifloat_ieee", with_implicit_one);
}

BOOST_AUTO_TEST_CASE(minifloat_denorm_is_the_nearest_of_all_grids) {
  check_all("minifloat_denorm", without_implicit_one);
}

BOOST_AUTO_TEST_CASE(wide_minifloats_hold_every_float_in_their_range) {
  for (const int width : {32, 28}) {
    const OneFormat format("minifloat_ieee", {{"width", width}, {"exponent_width", 4}});
    for (const float x : {1.1F, -3.3333333F, 500.0F, 0.017F}) BOOST_TEST(one(format, x) == x);
    // 2^8 (2 - 2^-m), or the float below.
    BOOST_TEST(one(format, 1e9F) == std::nextafter(512.0F, 0.0F));
    // Steps below 2^-6 are 2^(-6-m).
    const int m = width - 5;
    const float step = std::ldexp(1.0F, -6 - m);
    BOOST_TEST(one(format, step) == step);
    BOOST_TEST(one(format, step * 2.5F) == 2 * step);
    BOOST_TEST(one(format, step * 0.5F) == 0.0F);
  }
}

BOOST_AUTO_TEST_CASE(rounding_carries_and_underflows_by_degrees) {
  const OneFormat format("minifloat_ieee", {{"width", 8}, {"exponent_width", 4}});
  const float inf = std::numeric_limits<float>::infinity();
  BOOST_TEST(one(format, 1.96F) == 2.0F);  // MASE: 1.875
  BOOST_TEST(one(format, 1e-9F) == 0.0F);  // MASE: 1e-9
  BOOST_TEST(one(format, 0x1p-9F) == 0x1p-9F);
  BOOST_TEST(one(format, 0x1p-10F) == 0.0F);
  BOOST_TEST(one(format, 1e30F) == 480.0F);
  BOOST_TEST(one(format, inf) == 480.0F);
  BOOST_TEST(one(format, -inf) == -480.0F);
  BOOST_TEST(std::isnan(one(format, std::nanf(""))));
  BOOST_TEST(std::signbit(one(format, -0.0F)));
  BOOST_TEST(one(OneFormat("minifloat_denorm", {{"width", 8}, {"exponent_width", 4}}), 1.0F) ==
             1.0F);  // MASE: 0.875
}

BOOST_AUTO_TEST_CASE(a_tail_is_quantized_as_the_whole_is) {
  const std::vector<float> x(probes().begin() + 20000, probes().begin() + 20100);
  const OneFormat format("minifloat_ieee", {{"width", 6}, {"exponent_width", 2}});
  const std::vector<float> whole = format.quantize(x);
  for (std::size_t size = 0; size <= x.size(); ++size) {
    const std::vector<float> y =
        format.quantize({x.begin(), x.begin() + static_cast<std::ptrdiff_t>(size)});
    BOOST_TEST(std::ranges::equal(y, std::span(whole).first(size)));
  }
}

BOOST_AUTO_TEST_CASE(the_originals_minifloats_are_the_same_bits) {
  BOOST_TEST(check_elementwise_golden("minifloat_ieee", "minifloat_ieee") == 6);
  BOOST_TEST(check_elementwise_golden("minifloat_denorm", "minifloat_denorm") == 6);
  BOOST_TEST(check_elementwise_golden("minifloat_denorm", "minifloat_simple") == 6);
}

BOOST_AUTO_TEST_CASE(the_original_has_codes_but_for_what_it_leaves_alone) {
  const OneFormat format("minifloat_ieee",
                         {{"width", 8}, {"exponent_width", 4}, {"mase_compat", true}});
  check_codes(format, {0.0F, 1.0F, -1.96F, 0.01F, 1e6F, -0.3F}, 8);
  BOOST_TEST(contains(message_of([&] { format.codes({5e-9F}); }), "mase_compat"));
}

BOOST_AUTO_TEST_CASE(minifloat_simple_is_minifloat_denorm_by_its_other_name) {
  const json options = {{"width", 7}, {"exponent_width", 3}};
  BOOST_TEST(std::ranges::equal(OneFormat("minifloat_simple", options).quantize(probes()),
                                OneFormat("minifloat_denorm", options).quantize(probes()), same));
}

BOOST_AUTO_TEST_CASE(a_bias_may_be_none_in_mases_words) {
  for (const json& none : {json(nullptr), json("NA"), json("none"), json("None")}) {
    const OneFormat format("minifloat_ieee", {{"exponent_bias", none}});
    BOOST_TEST(format.instance().precision().text() == "[8, 4, 7]");
  }
}

BOOST_AUTO_TEST_CASE(codes_are_sign_exponent_and_mantissa) {
  const OneFormat ieee("minifloat_ieee", {{"width", 8}, {"exponent_width", 4}});
  const std::vector<std::int64_t> of_ieee = {0x00, 0x80, 0x38, 0xBC, 0x01, 0x7F, 0x08};
  BOOST_TEST(ieee.codes({0.0F, -0.0F, 1.0F, -1.5F, 0x1p-9F, 480.0F, 0x1p-6F}).codes == of_ieee,
             boost::test_tools::per_element());
  const OneFormat denorm("minifloat_denorm", {{"width", 8}, {"exponent_width", 4}});
  // 1 = 2^1 * 4/8, 0.75 = 2^0 * 6/8, the least 2^-7 / 8, the largest 2^8 * 7/8.
  const std::vector<std::int64_t> of_denorm = {0x00, 0x44, 0xBE, 0x01, 0x7F};
  BOOST_TEST(denorm.codes({0.0F, 1.0F, -0.75F, 0x1p-10F, 1e9F}).codes == of_denorm,
             boost::test_tools::per_element());
  const OneFormat wide("minifloat_ieee", {{"width", 17}, {"exponent_width", 4}});
  BOOST_TEST(contains(message_of([&] { wide.codes({1.0F}); }), "16 bits are the most"));
}

BOOST_AUTO_TEST_CASE(an_open_bias_follows_from_the_range) {
  const OneFormat open("minifloat_ieee", {{"width", 8}, {"exponent_width", 4}});
  const auto bias = [](const OneFormat& format, float low, float high) {
    return to_json(format.fit({4}, {{low, high, 1.0}})).at("exponent_bias").dump();
  };
  // Largest values are 2^(15-b) * 1.875.
  BOOST_TEST(bias(open, -1.0F, 0.5F) == "15");
  BOOST_TEST(bias(open, -1.0F, 1.875F) == "15");
  BOOST_TEST(bias(open, -1.9F, 1.0F) == "14");
  BOOST_TEST(bias(open, 0.0F, 480.0F) == "7");
  BOOST_TEST(bias(open, 0.0F, 1e-40F) == "141");
  BOOST_TEST(bias(open, 0.0F, 3e38F) == "-100");
  BOOST_TEST(bias(open, 0.0F, 0.0F) == "null");
  // 2^(15-b) * 0.875.
  const OneFormat denorm("minifloat_denorm", {{"width", 8}, {"exponent_width", 4}});
  BOOST_TEST(bias(denorm, -1.0F, 0.5F) == "14");
  BOOST_TEST(bias(denorm, -0.875F, 0.5F) == "15");
  FormatCall call(LATHE_ROLE_WEIGHT);
  BOOST_TEST(open.instance().fit_axis(call.site()).value() == -1);
  const OneFormat given("minifloat_ieee", {{"exponent_bias", 3}});
  BOOST_TEST(!given.instance().fit_axis(call.site()).has_value());
}

BOOST_AUTO_TEST_CASE(storage_is_the_width_and_precision_mases_list) {
  const OneFormat format("minifloat_ieee", {{"width", 6}, {"exponent_width", 3}});
  BOOST_TEST(format.storage_bits({3, 7}) == 126);
  BOOST_TEST(format.instance().precision().text() == "[6, 3, 3]");
  BOOST_TEST(!format.instance().has_backward());
}

BOOST_AUTO_TEST_CASE(options_that_make_no_format_are_refused) {
  const auto refused = [](const json& options) {
    return message_of([&] { OneFormat("minifloat_ieee", options); });
  };
  BOOST_TEST(contains(refused({{"width", 5}, {"exponent_width", 4}}),
                      "width 5 leaves no mantissa beside the sign and 4 bits of exponent"));
  BOOST_TEST(contains(refused({{"width", 0}}), "'width'"));
  BOOST_TEST(contains(refused({{"exponent_width", 9}}), "'exponent_width'"));
  BOOST_TEST(contains(refused({{"exponent_bias", 142}}), "it is at most 141"));
  BOOST_TEST(contains(refused({{"exponent_bias", "some"}}), "'exponent_bias'"));
}

BOOST_AUTO_TEST_SUITE_END()
