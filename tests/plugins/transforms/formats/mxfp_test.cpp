// Number format mxfp: against MASE's numbers, and against OCP MX 1.0 in long double.
#include "tests/plugins/transforms/formats/block_check.hpp"

namespace {

using namespace lathe_test;

struct Element {
  const char* name;
  int mantissa, least, top;  // exponents of normal numbers
  long double largest;
};
constexpr Element kElements[] = {{"E5M2", 2, -14, 15, 57344}, {"E4M3", 3, -6, 8, 448},
                                 {"E3M2", 2, -2, 4, 28},      {"E2M3", 3, 0, 2, 7.5},
                                 {"E2M1", 1, 0, 2, 6},        {"E1M2", 2, 0, 0, 1.75}};

BlockOracle oracle(const Element& element) {
  return [=](float x, float largest) -> long double {
    const int scale =
        largest == 0 ? -127 : std::min(std::max(floor_log2(largest) - element.top, -127), 127);
    return nearest_minifloat(x, element.mantissa, element.least + scale, element.top + scale,
                             std::ldexp(element.largest, scale));
  };
}

}  // namespace

BOOST_AUTO_TEST_CASE(mxfp_holds_the_nearest_elements_times_each_blocks_scale) {
  for (const Element& element : kElements) {
    agrees_in_blocks("mxfp", {{"element", element.name}}, oracle(element));
  }
}

BOOST_AUTO_TEST_CASE(mxfp_holds_all_half_precision_numbers_by_its_definition) {
  for (const Element& element : kElements) {
    agrees_on_halves("mxfp", {{"element", element.name}}, oracle(element), {1, 32});
  }
}

BOOST_AUTO_TEST_CASE(the_originals_mxfp_is_the_same_bits) {
  BOOST_TEST(golden_cases("quantizers_mx_head.json", "mxfp") == 56);
}

// The six levels of a sign of OCP's E2M1: 0.5, 1, 1.5, 2, 3, 4, 6.
BOOST_AUTO_TEST_CASE(e2m1_has_ocps_levels) {
  const OneFormat format("mxfp", {{"element", "E2M1"}, {"block_size", 8}});
  const std::vector<float> levels = {0, 0.5F, 1, 1.5F, 2, 3, 4, 6};
  BOOST_TEST((format.quantize(levels) == levels));
  const lathe::IntegerCodes codes = format.codes({6, -6, 0.5F, -0.0F, 7, 5, 0.25F, 1});
  BOOST_TEST((codes.codes == std::vector<std::int64_t>{7, 15, 1, 8, 7, 6, 0, 2}));
  BOOST_TEST(codes.width == 4);
}

BOOST_AUTO_TEST_CASE(an_element_is_named_by_its_bits_too) {
  const std::vector<float> x = {1.3F, -77, 0.02F};
  BOOST_TEST((OneFormat("mxfp", {{"element_exp_bits", 3}, {"element_frac_bits", 2}}).quantize(x) ==
              OneFormat("mxfp", {{"element", "E3M2"}}).quantize(x)));
  BOOST_TEST(says(refusal("mxfp", {{"element", "E3M2"}, {"element_exp_bits", 3}}), "say the same"));
  BOOST_TEST(says(refusal("mxfp", {{"element_exp_bits", 5}, {"element_frac_bits", 3}}),
                  "are given together"));
  BOOST_TEST(says(refusal("mxfp", {{"element_exp_bits", 4}}), "are given together"));
}

BOOST_AUTO_TEST_CASE(mxfp_stores_a_scale_for_each_block) {
  const OneFormat format("mxfp", {{"element", "E2M3"}});
  BOOST_TEST(format.storage_bits({2, 33}) == 66 * 6 + 4 * 8);
  BOOST_TEST(format.instance().precision().text() == "[6, 2, 3, [32]]");
}

BOOST_AUTO_TEST_CASE(wrong_options_of_mxfp_are_told) {
  BOOST_TEST(says(refusal("mxfp", {{"element", "E4M4"}}), "'element'"));
  BOOST_TEST(says(refusal("mxfp", {{"block_size", -3}}), "'block_size'"));
}
