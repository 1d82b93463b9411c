// Number format scale_integer: against MASE's numbers, and against its definition in long double.
#include "tests/plugins/transforms/formats/block_check.hpp"

namespace {

using namespace lathe_test;

// The nearest k by comparing distances, which long double holds exactly for these widths.
BlockOracle oracle(int width, bool is_signed = true) {
  return [=](float x, float largest) -> long double {
    if (largest == 0) return 0;
    const long double last = power(is_signed ? width - 1 : width) - 1;
    const float step = static_cast<float>(static_cast<double>(largest) / static_cast<double>(last));
    if (step == 0) return std::isinf(x) ? INFINITY : static_cast<long double>(x);
    const long double low = is_signed ? -last : 0;
    if (std::isinf(x)) return (x < 0 ? low : last) * static_cast<long double>(step);
    long double k = std::floor(static_cast<long double>(x) / static_cast<long double>(step));
    const long double below = static_cast<long double>(x) - k * static_cast<long double>(step);
    const long double above = static_cast<long double>(step) - below;
    const bool is_odd = std::fmod(k, 2.0L) != 0;
    if (above < below || (above == below && is_odd)) k += 1;
    return std::min(std::max(k, low), last) * static_cast<long double>(step);
  };
}

void agrees(int width, bool is_signed = true) {
  std::mt19937 random(9);
  Disagreements total;
  for (const Extents& shape : block_shapes()) {
    for (int kind = 0; kind < kInputKinds; ++kind) {
      const Extents block = extents_of({-1}, shape);
      const std::vector<float> x = block_inputs(block_numbers(shape, block).size(), kind, random);
      const json options = {{"width", width}, {"is_signed", is_signed}};
      check_tensor(OneFormat("scale_integer", options), x, shape, block, oracle(width, is_signed),
                   options.dump(), total);
    }
  }
  BOOST_TEST(total.wrong == 0);
}

}  // namespace

BOOST_AUTO_TEST_CASE(scale_integer_holds_the_nearest_multiples_of_each_rows_scale) {
  for (const int width : {2, 3, 4, 8, 12, 16}) agrees(width);
  agrees(4, false);
}

BOOST_AUTO_TEST_CASE(scale_integer_holds_all_half_precision_numbers_by_its_definition) {
  agrees_on_halves("scale_integer", {{"width", 8}}, oracle(8), {1, 64});
  agrees_on_halves("scale_integer", {{"width", 3}}, oracle(3), {1, 64});
}

BOOST_AUTO_TEST_CASE(the_originals_scale_integer_is_the_same_bits) {
  BOOST_TEST(golden_cases("quantizers_mx_head.json", "scale_integer") == 12);
}

BOOST_AUTO_TEST_CASE(the_largest_of_a_row_is_held) {
  const OneFormat format("scale_integer", {{"width", 3}});
  BOOST_TEST((format.quantize({6, -1, -6, 3, 0, 0, 0, -0.0F}, {2, 4}) ==
              std::vector<float>{6, 0, -6, 4, 0, 0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(scale_integer_stores_a_scale_for_each_row) {
  const OneFormat format("scale_integer", {{"width", 5}});
  BOOST_TEST(format.storage_bits({3, 10}) == 30 * 5 + 3 * 32);
  BOOST_TEST(format.storage_bits({10}) == 10 * 5);
  BOOST_TEST(format.instance().precision().text() == "[5]");
  BOOST_TEST(says(refusal("scale_integer", {{"width", 1}}), "'width'"));
}
