// Number format mxint: against MASE's numbers, and against its definition in long double.
#include "tests/plugins/transforms/formats/block_check.hpp"

namespace {

using namespace lathe_test;

BlockOracle oracle(int bits, int scale_bits) {
  return [=](float x, float largest) -> long double {
    const int most = (1 << (scale_bits - 1)) - 1;
    const int scale = largest == 0 ? -most : std::min(std::max(floor_log2(largest), -most), most);
    const long double last = power(bits - 1) - 1;
    return nearest_multiple(x, scale - (bits - 2), -last, last);
  };
}
json options(int bits, int scale_bits) {
  return {{"element_bits", bits}, {"scale_bits", scale_bits}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(mxint_holds_the_nearest_multiples_of_each_blocks_step) {
  agrees_in_blocks("mxint", options(8, 8), oracle(8, 8));
  agrees_in_blocks("mxint", options(4, 8), oracle(4, 8));
  agrees_in_blocks("mxint", options(2, 8), oracle(2, 8));
  agrees_in_blocks("mxint", options(8, 4), oracle(8, 4));
  agrees_in_blocks("mxint", options(12, 6), oracle(12, 6));
  agrees_in_blocks("mxint", options(24, 8), oracle(24, 8));
}

BOOST_AUTO_TEST_CASE(mxint_holds_all_half_precision_numbers_by_its_definition) {
  agrees_on_halves("mxint", options(8, 8), oracle(8, 8), {1, 32});
  agrees_on_halves("mxint", options(4, 8), oracle(4, 8), {1, 32});
}

BOOST_AUTO_TEST_CASE(the_originals_mxint_is_the_same_bits) {
  BOOST_TEST(golden_cases("quantizers_mx_head.json", "mxint") == 44);
}

// OCP MX 1.0, MXINT8: elements from -127/64 to 127/64 times the scale.
BOOST_AUTO_TEST_CASE(eight_bits_are_ocps_mxint8) {
  const OneFormat format("mxint", {{"block_size", 4}});
  BOOST_TEST((format.quantize({1.999F, -1.999F, 1.0F / 128, 3.0F / 128}) ==
              std::vector<float>{127.0F / 64, -127.0F / 64, 0, 2.0F / 64}));
}

BOOST_AUTO_TEST_CASE(blocks_of_mxint_may_lie_along_another_dimension) {
  const std::vector<float> x = {64, 1.3F, 64, 1.3F};
  const json along = {{"element_bits", 4}, {"block_size", 2}, {"block_dim", 0}};
  BOOST_TEST(
      (OneFormat("mxint", along).quantize(x, {2, 2}) == std::vector<float>{64, 1.25F, 64, 1.25F}));
  BOOST_TEST(OneFormat("mxint", along).storage_bits({4, 3}) == 12 * 4 + 6 * 8);
  BOOST_TEST(says(refusal("mxint", {{"block_size", {2, 2}}, {"block_dim", 0}}), "one extent"));
  const OneFormat beyond("mxint", {{"block_dim", 2}});
  BOOST_CHECK_EXCEPTION(beyond.quantize(x, {2, 2}), std::exception, [](const std::exception& e) {
    return says(e.what(), "there is no dimension 2");
  });
}

BOOST_AUTO_TEST_CASE(mxint_stores_a_scale_for_each_block) {
  const OneFormat format("mxint", {{"element_bits", 4}});
  BOOST_TEST(format.storage_bits({3, 40}) == 120 * 4 + 6 * 8);
  BOOST_TEST(format.instance().precision().text() == "[4, [32], 8]");
}

BOOST_AUTO_TEST_CASE(wrong_options_of_mxint_are_told) {
  BOOST_TEST(says(refusal("mxint", {{"element_bits", 1}}), "'element_bits'"));
  BOOST_TEST(says(refusal("mxint", {{"scale_bits", 0}}), "'scale_bits'"));
  BOOST_TEST(says(refusal("mxint", {{"block_size", 0}}), "an extent of 0"));
  const OneFormat original("mxint", {{"mase_compat", true}, {"block_size", 4}});
  BOOST_CHECK_EXCEPTION(original.quantize({1, 2, 3}), std::exception, [](const std::exception& e) {
    return says(e.what(), "have to divide the 3 elements");
  });
}
