// Number format block_minifloat: against MASE's numbers, and against its definition in long double.
#include "tests/plugins/transforms/formats/block_check.hpp"

namespace {

using namespace lathe_test;

BlockOracle oracle(int width, int exponent_width, int bias_width) {
  const int m = width - exponent_width - 1;
  return [=](float x, float largest) -> long double {
    const int most = (1 << exponent_width) - 1;
    const int wanted = largest == 0 ? (1 << bias_width) - 1 : most - floor_log2(largest);
    const int bias = std::min(std::max(wanted, 0), (1 << bias_width) - 1);
    return nearest_minifloat(x, m, 1 - bias, most - bias, power(most - bias) * (2 - power(-m)));
  };
}
json options(int width, int exponent_width, int bias_width) {
  return {
      {"width", width}, {"exponent_width", exponent_width}, {"exponent_bias_width", bias_width}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(block_minifloat_holds_the_nearest_minifloats_with_its_blocks_bias) {
  agrees_in_blocks("block_minifloat", options(8, 4, 8), oracle(8, 4, 8));
  agrees_in_blocks("block_minifloat", options(6, 2, 2), oracle(6, 2, 2));
  agrees_in_blocks("block_minifloat", options(4, 2, 8), oracle(4, 2, 8));
  agrees_in_blocks("block_minifloat", options(8, 5, 5), oracle(8, 5, 5));
  agrees_in_blocks("block_minifloat", options(12, 7, 16), oracle(12, 7, 16));
  agrees_in_blocks("block_minifloat", options(16, 8, 8), oracle(16, 8, 8));
  agrees_in_blocks("block_minifloat", options(3, 1, 4), oracle(3, 1, 4));
}

BOOST_AUTO_TEST_CASE(block_minifloat_holds_all_half_precision_numbers_by_its_definition) {
  agrees_on_halves("block_minifloat", options(8, 4, 8), oracle(8, 4, 8), {1, 16});
  agrees_on_halves("block_minifloat", options(6, 2, 2), oracle(6, 2, 2), {1, 16});
}

BOOST_AUTO_TEST_CASE(the_originals_block_minifloat_is_the_same_bits) {
  BOOST_TEST(golden_cases("quantizers_block.json", "block_minifloat") == 128);
}

BOOST_AUTO_TEST_CASE(the_largest_magnitude_of_a_block_is_in_the_top_binade) {
  const OneFormat format("block_minifloat", {{"block_size", 2}});
  // m = 3: the top binades are [8, 16) and [512, 1024), which ends with 960.
  BOOST_TEST((format.quantize({15, 0.25F, 1000, -1}) == std::vector<float>{15, 0.25F, 960, -1}));
}

BOOST_AUTO_TEST_CASE(block_minifloat_stores_a_bias_for_each_block) {
  const OneFormat format(
      "block_minifloat",
      {{"width", 6}, {"exponent_width", 3}, {"exponent_bias_width", 5}, {"block_size", {2, 8}}});
  BOOST_TEST(format.storage_bits({3, 20}) == 60 * 6 + 6 * 5);
  BOOST_TEST(format.instance().precision().text() == "[6, 3, 5, [2, 8]]");
  BOOST_TEST(!format.instance().has_backward());
}

BOOST_AUTO_TEST_CASE(wrong_options_of_block_minifloat_are_told) {
  BOOST_TEST(says(refusal("block_minifloat", {{"width", 5}}), "leaves no mantissa"));
  BOOST_TEST(
      says(refusal("block_minifloat", {{"exponent_bias_width", 0}}), "'exponent_bias_width'"));
  BOOST_TEST(says(refusal("block_minifloat", {{"block_size", 0}}), "an extent of 0"));
  const OneFormat wide("block_minifloat", {{"width", 20}});
  BOOST_CHECK_EXCEPTION(wide.codes({1, 2}), std::exception, [](const std::exception& e) {
    return says(e.what(), "16 bits are the most");
  });
  const OneFormat original("block_minifloat", {{"mase_compat", true}});
  BOOST_CHECK_EXCEPTION(original.codes({1, 2}), std::exception, [](const std::exception& e) {
    return says(e.what(), "with mase_compat there are no codes");
  });
}
