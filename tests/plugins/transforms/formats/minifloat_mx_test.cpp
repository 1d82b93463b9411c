// Number format minifloat_mx: against a search through all its values, in all directions, and
// against MASE's values and codes.
#include "tests/plugins/transforms/formats/probes.hpp"

namespace {

using namespace lathe_test;

struct Element {
  int exp_bits, frac_bits;
  bool is_finite;
  double largest;  // by the OCP's table or by hand
};

const std::vector<Element> kElements = {
    {5, 2, false, 57344},      {5, 2, true, 114688},   {4, 3, false, 448},  {4, 3, true, 480},
    {3, 2, true, 28},          {2, 3, true, 7.5},      {2, 1, true, 6},     {3, 4, false, 15.5},
    {3, 4, true, 31},          {1, 2, true, 3.5},      {1, 3, false, 1.75}, {5, 10, false, 65504},
    {8, 7, false, 0x1.FEp127}, {8, 3, true, 0x1.Ep127}};

// ±2^E (1 + k / 2^m) from E = 1 - b on, ±2^(1-b) k / 2^m below, up to the largest.
Magnitudes values_of(const Element& in) {
  std::vector<Magnitude> all;
  const int m = in.frac_bits, bias = (1 << (in.exp_bits - 1)) - 1;
  for (int k = 0; k < 1 << m; ++k) {
    all.push_back({std::ldexp(k, 1 - bias - m), k % 2 == 0});
    for (int e = 1 - bias; e <= (1 << in.exp_bits) - 1 - bias; ++e) {
      all.push_back({std::ldexp(k + std::ldexp(1.0, m), e - m), k % 2 == 0});
    }
  }
  std::erase_if(all, [&](const Magnitude& v) { return v.size > in.largest; });
  return Magnitudes(std::move(all));
}

json options_of(const Element& in, const std::string& mode) {
  return {{"exp_bits", in.exp_bits},
          {"frac_bits", in.frac_bits},
          {"is_finite", in.is_finite},
          {"round_mode", mode}};
}

// In the direction of the mode; what is beyond the largest becomes it.
float rounded(const Magnitudes& values, const std::string& mode, float x) {
  if (mode == "rn" || std::isnan(x)) return values.nearest(x);
  const auto [low, high] = values.around(std::fabs(static_cast<double>(x)));
  const bool is_away = mode != "rz" && (mode == "ru") != std::signbit(x);
  return static_cast<float>(std::copysign((is_away ? high : low)->size, static_cast<double>(x)));
}

float one(const json& options, float x) {
  return OneFormat("minifloat_mx", options).quantize({x})[0];
}

}  // namespace

BOOST_AUTO_TEST_SUITE(minifloat_mx)

BOOST_AUTO_TEST_CASE(elements_are_rounded_in_the_direction_of_the_mode) {
  long checked = 0;
  const std::vector<std::string> modes = {"rn", "rz", "ru", "rd"};
  for (std::size_t i = 0; i < kElements.size(); ++i) {
    const Element& in = kElements[i];
    const Magnitudes all = values_of(in);
    BOOST_TEST(all.largest() == in.largest);
    for (const std::string& mode : modes) {
      const bool is_million = i < 8 && mode == modes[i % 4];
      const OneFormat format("minifloat_mx", options_of(in, mode));
      const auto expected = [&](float x) { return rounded(all, mode, x); };
      const std::string what = options_of(in, mode).dump();
      checked += check_against(format, is_million ? million_probes() : probes(), what, expected);
      checked += check_against(format, all.probes(), what, expected);
      check_codes(format, all.probes(), 1 + in.exp_bits + in.frac_bits);
    }
  }
  BOOST_TEST_MESSAGE("minifloat_mx: " << checked << " values against the definition");
}

BOOST_AUTO_TEST_CASE(elements_that_ocp_names_have_its_largest_values) {
  const auto largest = [](int exp_bits, int frac_bits) {
    return one({{"exp_bits", exp_bits}, {"frac_bits", frac_bits}},
               std::numeric_limits<float>::infinity());
  };
  BOOST_TEST(largest(5, 2) == 57344.0F);
  BOOST_TEST(largest(4, 3) == 448.0F);
  BOOST_TEST(largest(3, 2) == 28.0F);
  BOOST_TEST(largest(2, 3) == 7.5F);
  BOOST_TEST(largest(2, 1) == 6.0F);
  BOOST_TEST(one(json::object(), 1e9F) == 448.0F);  // E4M3
}

BOOST_AUTO_TEST_CASE(the_originals_elements_and_codes_are_the_same) {
  const json file = golden_json("quantizers_mx_head.json");
  int cases = 0;
  for (const json& row : file.at("cases")) {
    if (row.at("quantizer") != "minifloat_mx") continue;
    const std::vector<float> x =
        golden_floats(file.at("inputs").at(row.at("input").get<std::string>()).at("data"));
    const OneFormat original("minifloat_mx", original_options(row.at("config")));
    BOOST_TEST(std::ranges::equal(original.quantize(x), golden_floats(row.at("output")), same),
               row.at("config") << " " << row.at("input"));
    BOOST_TEST(original.codes(x).codes == row.at("codes").get<std::vector<std::int64_t>>(),
               boost::test_tools::per_element());
    ++cases;
  }
  BOOST_TEST(cases == 72);
}

BOOST_AUTO_TEST_CASE(golden_names_of_the_options_are_taken) {
  const std::vector<float> x(probes().begin(), probes().begin() + 40000);
  const OneFormat named("minifloat_mx", {{"element_exp_bits", 3}, {"element_frac_bits", 2}});
  BOOST_TEST(std::ranges::equal(
      named.quantize(x), OneFormat("minifloat_mx", {{"exp_bits", 3}, {"frac_bits", 2}}).quantize(x),
      same));
  BOOST_TEST(contains(
      message_of([] { OneFormat("minifloat_mx", {{"exp_bits", 3}, {"element_exp_bits", 3}}); }),
      "'exp_bits' and 'element_exp_bits' are one option"));
}

BOOST_AUTO_TEST_CASE(storage_is_the_width_of_every_element) {
  const OneFormat format("minifloat_mx", {{"exp_bits", 3}, {"frac_bits", 2}});
  BOOST_TEST(format.storage_bits({3, 7}) == 126);
  BOOST_TEST(format.instance().precision().text() == "[6, 3, 2]");
  BOOST_TEST(!format.instance().has_backward());
}

BOOST_AUTO_TEST_CASE(options_that_make_no_element_are_refused) {
  const auto refused = [](const json& options) {
    return message_of([&] { OneFormat("minifloat_mx", options); });
  };
  BOOST_TEST(contains(refused({{"frac_bits", 0}}), "'frac_bits'"));
  BOOST_TEST(contains(refused({{"exp_bits", 9}}), "'exp_bits'"));
  BOOST_TEST(contains(refused({{"round_mode", "up"}}), "rn, rz, ru, rd"));
  const OneFormat wide("minifloat_mx", {{"exp_bits", 8}, {"frac_bits", 10}});
  BOOST_TEST(contains(message_of([&] { wide.codes({1.0F}); }), "16 bits are the most"));
}

BOOST_AUTO_TEST_SUITE_END()
