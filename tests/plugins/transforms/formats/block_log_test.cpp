// Number format block_log: against MASE's numbers, and against its definition in long double.
#include "tests/plugins/transforms/formats/block_check.hpp"

namespace {

using namespace lathe_test;

// Compared in squares, which long double holds exactly.
int nearest_exponent(float x) {
  const int e = std::ilogb(x);
  const long double mantissa = std::ldexp(static_cast<long double>(x), -e);
  return mantissa * mantissa > 2 ? e + 1 : e;
}
BlockOracle oracle(int width, int bias_width) {
  return [=](float x, float largest) -> long double {
    const int most = (1 << (width - 1)) - 1, last = (1 << bias_width) - 1;
    const int wanted = largest == 0 ? last : most - nearest_exponent(largest);
    const int bias = std::min(std::max(wanted, 0), last);
    if (x == 0) return power(-bias);
    const int e = std::isinf(x) ? most - bias : nearest_exponent(std::fabs(x));
    const long double size = power(std::min(std::max(e, -bias), most - bias));
    return x < 0 ? -size : size;
  };
}
json options(int width, int bias_width) {
  return {{"width", width}, {"exponent_bias_width", bias_width}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(block_log_holds_the_nearest_powers_with_its_blocks_bias) {
  agrees_in_blocks("block_log", options(8, 8), oracle(8, 8));
  agrees_in_blocks("block_log", options(4, 3), oracle(4, 3));
  agrees_in_blocks("block_log", options(2, 8), oracle(2, 8));
  agrees_in_blocks("block_log", options(5, 8), oracle(5, 8));
  agrees_in_blocks("block_log", options(8, 16), oracle(8, 16));
  agrees_in_blocks("block_log", options(12, 16), oracle(12, 16));
  agrees_in_blocks("block_log", options(16, 8), oracle(16, 8));
}

BOOST_AUTO_TEST_CASE(block_log_holds_all_half_precision_numbers_by_its_definition) {
  agrees_on_halves("block_log", options(8, 8), oracle(8, 8), {1, 16});
  agrees_on_halves("block_log", options(4, 3), oracle(4, 3), {1, 16});
}

BOOST_AUTO_TEST_CASE(the_originals_block_log_is_the_same_bits) {
  BOOST_TEST(golden_cases("quantizers_block.json", "block_log") == 128);
}

BOOST_AUTO_TEST_CASE(block_log_has_no_zero) {
  const OneFormat format("block_log",
                         {{"width", 4}, {"exponent_bias_width", 3}, {"block_size", 2}});
  // Exponents from -4 to 3, and from -7 to 0 in a block of zeros.
  BOOST_TEST(
      (format.quantize({8, -0.0F, 0, 0}) == std::vector<float>{8, 0x1p-4F, 0x1p-7F, 0x1p-7F}));
}

BOOST_AUTO_TEST_CASE(block_log_stores_a_bias_for_each_block) {
  const OneFormat format("block_log",
                         {{"width", 4}, {"exponent_bias_width", 3}, {"block_size", {1, 7}}});
  BOOST_TEST(format.storage_bits({2, 8}) == 16 * 4 + 4 * 3);
  BOOST_TEST(format.instance().precision().text() == "[4, 3, [1, 7]]");
}

BOOST_AUTO_TEST_CASE(wrong_options_of_block_log_are_told) {
  BOOST_TEST(says(refusal("block_log", {{"width", 17}}), "'width'"));
  BOOST_TEST(says(refusal("block_log", {{"exponent_bias_width", 17}}), "'exponent_bias_width'"));
  BOOST_TEST(says(refusal("block_log", {{"block_size", {0, 4}}}), "an extent of 0"));
}
