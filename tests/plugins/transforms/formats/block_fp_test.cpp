// Number format block_fp: against MASE's numbers, and against its definition in long double.
#include "tests/plugins/transforms/formats/block_check.hpp"

namespace {

using namespace lathe_test;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// The least exponent with which the largest does not round above 2^m - 1, found by trying.
BlockOracle oracle(int width, int exponent_width, int bias) {
  const int m = width - 1, top = (1 << exponent_width) - 1 - bias;
  return [=](float x, float largest) -> long double {
    if (largest == 0) return 0;
    const long double last = power(m) - 1;
    int e = -bias;
    while (e < top && std::nearbyint(std::ldexp(static_cast<long double>(largest), m - e)) > last) {
      ++e;
    }
    return nearest_multiple(x, e - m, -last, last);
  };
}
json options(int width, int exponent_width, const json& bias = nullptr) {
  return {{"width", width}, {"exponent_width", exponent_width}, {"exponent_bias", bias}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(block_fp_holds_the_nearest_multiples_of_each_blocks_step) {
  agrees_in_blocks("block_fp", options(8, 8), oracle(8, 8, 127));
  agrees_in_blocks("block_fp", options(4, 4), oracle(4, 4, 7));
  agrees_in_blocks("block_fp", options(6, 3, 2), oracle(6, 3, 2));
  agrees_in_blocks("block_fp", options(2, 8, 100), oracle(2, 8, 100));
  agrees_in_blocks("block_fp", options(23, 8, 150), oracle(23, 8, 150));
  agrees_in_blocks("block_fp", options(24, 6), oracle(24, 6, 31));
  agrees_in_blocks("block_fp", options(5, 1), oracle(5, 1, 0));
}

BOOST_AUTO_TEST_CASE(block_fp_holds_all_half_precision_numbers_by_its_definition) {
  agrees_on_halves("block_fp", options(8, 8), oracle(8, 8, 127), {1, 16});
  agrees_on_halves("block_fp", options(4, 4), oracle(4, 4, 7), {1, 16});
}

BOOST_AUTO_TEST_CASE(the_originals_block_fp_is_the_same_bits) {
  BOOST_TEST(golden_cases("quantizers_block.json", "block_fp") == 192);
}

BOOST_AUTO_TEST_CASE(a_largest_magnitude_that_is_a_power_of_two_is_held) {
  const OneFormat format("block_fp", {{"width", 4}, {"block_size", 4}});
  BOOST_TEST((format.quantize({8, 1, -0.5F, 3}) == std::vector<float>{8, 0, 0, 4}));
  // 7.75 rounds to 8, which three bits do not hold: the next exponent does.
  BOOST_TEST((format.quantize({7.75F, 1, 2, 3}) == std::vector<float>{8, 0, 2, 4}));
}

BOOST_AUTO_TEST_CASE(a_nan_and_infinities_leave_their_block_as_it_is) {
  const OneFormat format("block_fp", {{"width", 4}, {"block_size", 4}});
  const std::vector<float> y = format.quantize({kNaN, 1, kInf, -kInf, kInf, 0, kNaN, -0.0F});
  BOOST_TEST(std::isnan(y[0]));
  BOOST_TEST(y[1] == 1.0F);
  BOOST_TEST(y[2] == 1.75F);
  BOOST_TEST(y[3] == -1.75F);
  BOOST_TEST(y[4] == 7 * 0x1p125F);
  BOOST_TEST(y[5] == 0.0F);
  BOOST_TEST(!std::signbit(y[7]));
}

BOOST_AUTO_TEST_CASE(activations_have_no_blocks_over_the_batch) {
  const std::vector<float> x = {8, 8, 0.25F, 0.25F};
  const json two = {{"width", 4}, {"block_size", {2, 2}}};
  BOOST_TEST(OneFormat("block_fp", two).quantize(x, {2, 2})[2] == 0.0F);
  BOOST_TEST(OneFormat("block_fp", two, LATHE_ROLE_DATA_IN).quantize(x, {2, 2})[2] == 0.25F);
  json all = two;
  all["skip_first_dim"] = true;
  BOOST_TEST(OneFormat("block_fp", all).quantize(x, {2, 2})[2] == 0.25F);
  all["skip_first_dim"] = false;
  BOOST_TEST(OneFormat("block_fp", all, LATHE_ROLE_DATA_IN).quantize(x, {2, 2})[2] == 0.0F);
}

BOOST_AUTO_TEST_CASE(a_tensor_without_elements_is_left_alone) {
  const OneFormat format("block_fp", {{"block_size", {2, -1}}});
  for (const Extents& shape : std::vector<Extents>{{0}, {0, 3}, {3, 0}, {2, 0, 4}}) {
    if (shape.size() > 1) BOOST_TEST(format.quantize({}, shape).empty());
    if (shape.size() > 1) BOOST_TEST(format.storage_bits(shape) == 0);
  }
}

BOOST_AUTO_TEST_CASE(results_past_the_caches_are_those_of_small_tensors) {
  std::mt19937 random(5);
  const OneFormat format("block_fp", {{"width", 5}, {"block_size", {1, 16}}});
  const Extents shape = {1050, 2003}, few = {1, 2003};
  const std::vector<float> x = block_inputs(1050 * 2003, 6, random), y = format.quantize(x, shape);
  for (std::int64_t row = 0; row < shape[0]; row += 149) {
    const auto from = x.begin() + row * shape[1];
    const std::vector<float> alone = format.quantize({from, from + shape[1]}, few);
    BOOST_TEST(std::equal(alone.begin(), alone.end(), y.begin() + row * shape[1]));
  }
}

BOOST_AUTO_TEST_CASE(a_tensor_is_rounded_in_place) {
  std::mt19937 random(6);
  for (const json& size : {json{16}, json{16, 1}, json{4, 4}, json{1, -1}}) {
    const OneFormat format("block_fp", {{"width", 5}, {"block_size", size}});
    const Extents shape = {37, 101};
    std::vector<float> x = block_inputs(37 * 101, 6, random);
    const std::vector<float> y = format.quantize(x, shape);
    FormatCall call(LATHE_ROLE_WEIGHT, "linear");
    call.of_shape(shape);
    lathe::BorrowedTensor tensor(lathe::DType::float32, x.data(), shape, 0);
    format.instance().quantize(call.context(), tensor.view(), tensor.view());
    BOOST_TEST((x == y));
  }
}

BOOST_AUTO_TEST_CASE(block_fp_stores_an_exponent_for_each_block) {
  const OneFormat format("block_fp",
                         {{"width", 5}, {"exponent_width", 6}, {"block_size", {1, 16}}});
  BOOST_TEST(format.storage_bits({3, 40}) == 3 * 40 * 5 + 9 * 6);
  // One of the whole tensor adds nothing.
  BOOST_TEST(format.storage_bits({16}) == 16 * 5);
  BOOST_TEST(format.instance().precision().text() == "[5, 6, 31, [1, 16]]");
  BOOST_TEST(!format.instance().has_backward());
}

BOOST_AUTO_TEST_CASE(an_open_bias_of_block_fp_holds_what_was_seen) {
  const OneFormat format("block_fp", {{"width", 4}, {"exponent_width", 3}});
  const auto bias = [&](float low, float high) {
    return format.fit({4, 4}, {{low, high, 0}}).text();
  };
  // Exponents go from -bias to 7 - bias, and 2^E * 7/8 is the largest value.
  BOOST_TEST(says(bias(-0.5F, 7), "exponent_bias=4"));
  BOOST_TEST(says(bias(-7.5F, 0.1F), "exponent_bias=3"));
  BOOST_TEST(says(bias(0, 0), "exponent_bias=NA"));
  // Eight bits of exponent hold all of float32 whatever was seen.
  const OneFormat wide("block_fp", {{"width", 4}});
  BOOST_TEST(says(wide.fit({4, 4}, {{-0.5F, 7, 0}}).text(), "exponent_bias=127"));
}

BOOST_AUTO_TEST_CASE(rows_of_activations_stand_alone_unless_blocks_reach_over_them) {
  const auto rows_apart = [](const json& options) {
    return OneFormat("block_fp", options).instance().has(LATHE_FLAG_ROWS_APART);
  };
  BOOST_TEST(rows_apart({{"block_size", {4, 4}}}));
  BOOST_TEST(!rows_apart({{"block_size", {4, 4}}, {"skip_first_dim", false}}));
  BOOST_TEST(!rows_apart({{"mase_compat", true}}));
}

BOOST_AUTO_TEST_CASE(msfp_is_block_fp_by_its_other_name) {
  const std::vector<float> x = {3.3F, -0.7F, 100, 1e-3F};
  BOOST_TEST((OneFormat("msfp", {{"width", 5}}).quantize(x) ==
              OneFormat("block_fp", {{"width", 5}}).quantize(x)));
}

BOOST_AUTO_TEST_CASE(wrong_options_of_block_fp_are_told) {
  BOOST_TEST(says(refusal("block_fp", {{"width", 1}}), "'width'"));
  BOOST_TEST(says(refusal("block_fp", {{"exponent_width", 9}}), "'exponent_width'"));
  BOOST_TEST(says(refusal("block_fp", {{"block_size", 0}}), "a block has an extent of 0"));
  BOOST_TEST(says(refusal("block_fp", {{"block_size", {1, -2}}}), "'block_size'"));
  BOOST_TEST(says(refusal("block_fp", {{"block_size", json::array()}}), "the list has no extent"));
  BOOST_TEST(says(refusal("block_fp", {{"exponent_width", 3}, {"exponent_bias", 134}}),
                  "it is at most 133"));
  const OneFormat longer("block_fp", {{"block_size", {2, 4}}});
  BOOST_CHECK_EXCEPTION(longer.quantize({1, 2}), std::exception, [](const std::exception& e) {
    return says(e.what(), "has 2 extents, the tensor only 1 dimensions");
  });
  BOOST_CHECK_EXCEPTION(longer.codes({1, kNaN}, {1, 2}), std::exception,
                        [](const std::exception& e) { return says(e.what(), "NaN has no code"); });
}
