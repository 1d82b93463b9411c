// Number format mxint_hardware: against MASE's numbers, and against its definition in long double.
#include "tests/plugins/transforms/formats/block_check.hpp"

namespace {

using namespace lathe_test;

BlockOracle oracle(int width, int exponent_width) {
  return [=](float x, float largest) -> long double {
    const int least = -(1 << (exponent_width - 1)), most = -least - 1;
    int e = least;
    if (largest != 0) {
      const int floor = floor_log2(largest);
      const int ceiling = static_cast<long double>(largest) == power(floor) ? floor : floor + 1;
      e = std::min(std::max(ceiling - (width - 1), least), most);
    }
    return nearest_multiple(x, e, -power(width - 1), power(width - 1) - 1);
  };
}
json options(int width, int exponent_width) {
  return {{"width", width}, {"exponent_width", exponent_width}};
}

// parallelism has two extents.
void agrees(int width, int exponent_width) {
  std::mt19937 random(8);
  Disagreements total;
  for (const Extents& shape : block_shapes()) {
    for (const Extents& tile : std::vector<Extents>{{1, 4}, {2, 3}, {-1, 2}, {3, -1}}) {
      json all = options(width, exponent_width);
      all["parallelism"] = tile;
      for (int kind = 0; kind < kInputKinds; ++kind) {
        const Extents block = extents_of(tile, shape);
        const std::vector<float> x = block_inputs(block_numbers(shape, block).size(), kind, random);
        check_tensor(OneFormat("mxint_hardware", all), x, shape, block,
                     oracle(width, exponent_width), all.dump(), total);
      }
    }
  }
  BOOST_TEST(total.wrong == 0);
}

}  // namespace

BOOST_AUTO_TEST_CASE(mxint_hardware_holds_the_nearest_multiples_of_each_tiles_step) {
  agrees(8, 8);
  agrees(4, 4);
  agrees(6, 3);
  agrees(2, 8);
  agrees(12, 5);
  agrees(24, 8);
}

BOOST_AUTO_TEST_CASE(mxint_hardware_holds_all_half_precision_numbers_by_its_definition) {
  agrees_on_halves("mxint_hardware", options(8, 8), oracle(8, 8), {1, 16});
  agrees_on_halves("mxint_hardware", options(6, 3), oracle(6, 3), {1, 16});
}

BOOST_AUTO_TEST_CASE(the_originals_mxint_hardware_is_the_same_bits) {
  BOOST_TEST(golden_cases("quantizers_mx_head.json", "mxint_hardware") == 10);
}

BOOST_AUTO_TEST_CASE(mxint_hardware_stores_an_exponent_for_each_tile) {
  const OneFormat format("mxint_hardware",
                         {{"width", 6}, {"exponent_width", 4}, {"parallelism", {2, 4}}});
  BOOST_TEST(format.storage_bits({3, 10}) == 30 * 6 + 6 * 4);
  BOOST_TEST(format.instance().precision().text() == "[6, 4, [2, 4]]");
}

BOOST_AUTO_TEST_CASE(wrong_options_of_mxint_hardware_are_told) {
  BOOST_TEST(says(refusal("mxint_hardware", {{"parallelism", 4}}), "two extents are wanted"));
  BOOST_TEST(says(refusal("mxint_hardware", {{"parallelism", {0, 4}}}), "an extent of 0"));
  BOOST_TEST(says(refusal("mxint_hardware", {{"width", 1}}), "'width'"));
}
