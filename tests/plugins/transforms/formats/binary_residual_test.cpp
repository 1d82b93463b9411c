// Number format binary_residual against its definition (ReBNet), level by level in double, and
// against MASE's residual signs.
#include "tests/plugins/one_site.hpp"
#include "tests/plugins/transforms/formats/inputs.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace lathe_test;

const lathe::Component& residual() {
  return built_plugins().find(lathe::Kind::format, "binary_residual");
}

// The sign of the residual, level by level.
std::vector<int> signs_of(float x, const std::vector<float>& gamma) {
  std::vector<int> signs;
  auto rest = static_cast<double>(x);
  for (const float size : gamma) {
    signs.push_back(rest >= 0 ? 1 : -1);
    rest -= signs.back() * static_cast<double>(size);
  }
  return signs;
}

float oracle(float x, const std::vector<float>& gamma) {
  if (std::isnan(x)) return x;
  const std::vector<int> signs = signs_of(x, gamma);
  double sum = 0;
  for (std::size_t i = 0; i < gamma.size(); ++i) sum += signs[i] * static_cast<double>(gamma[i]);
  return static_cast<float>(sum);
}

void check_values(OneSite& site, const std::vector<float>& x) {
  const std::vector<float> y = site.quantize(x, {static_cast<std::int64_t>(x.size())});
  long wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float expected = oracle(x[i], site.state);
    if (std::isnan(expected) ? std::isnan(y[i]) : y[i] == expected) continue;
    if (++wrong < 5) BOOST_ERROR(x[i] << " is " << y[i] << ", not " << expected);
  }
  BOOST_TEST(wrong == 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(binary_residual_format)

BOOST_AUTO_TEST_CASE(sizes_start_as_powers_of_two_that_add_up_to_one) {
  for (const int levels : {1, 2, 3, 8}) {
    const OneSite site(residual(), {{"levels", levels}});
    BOOST_REQUIRE(site.specs.size() == static_cast<std::size_t>(levels));
    for (int i = 0; i < levels; ++i) {
      const auto at = static_cast<std::size_t>(i);
      BOOST_TEST(site.specs[at].name == "gamma_" + std::to_string(i));
      BOOST_TEST(site.specs[at].learnable);
      BOOST_TEST(site.specs[at].initial ==
                 std::ldexp(1.0, levels - 1 - i) / (std::ldexp(1.0, levels) - 1));
    }
  }
}

BOOST_AUTO_TEST_CASE(values_are_sums_of_signs_on_all_halves_and_random_floats) {
  std::vector<float> x = all_halves();
  const std::vector<float> random = random_floats(200000, 1);
  x.insert(x.end(), random.begin(), random.end());
  for (const int levels : {1, 2, 3, 4, 8}) {
    OneSite site(residual(), {{"levels", levels}});
    check_values(site, x);
  }
  OneSite learned(residual(), {{"levels", 3}}, LATHE_ROLE_DATA_IN, "linear", {0.3F, 0.7F, 1e-3F});
  check_values(learned, x);
}

BOOST_AUTO_TEST_CASE(the_sign_of_a_size_does_not_count) {
  OneSite plus(residual(), {{"levels", 2}}, LATHE_ROLE_WEIGHT, "linear", {0.6F, 0.2F});
  OneSite minus(residual(), {{"levels", 2}}, LATHE_ROLE_WEIGHT, "linear", {0.6F, -0.2F});
  const std::vector<float> x = normal_floats(200, 2), dy = normal_floats(200, 3);
  BOOST_TEST((plus.quantize(x, {200}) == minus.quantize(x, {200})));
  BOOST_TEST(plus.backward(x, dy, {200}).state[1] == -minus.backward(x, dy, {200}).state[1]);
}

BOOST_AUTO_TEST_CASE(gradients_pass_through_and_sizes_get_their_signs) {
  for (const bool clipped : {false, true}) {
    OneSite site(residual(), {{"levels", 2}, {"ste", clipped ? "clipped" : "identity"}},
                 LATHE_ROLE_DATA_IN, "linear", {0.75F, 0.5F});
    const std::vector<float> x{0.0F, 1.25F, 1.26F, -1.25F, -2.0F, 0.3F};
    const std::vector<float> dy{1, 2, 4, 8, 16, 32};
    const OneSite::Gradients found = site.backward(x, dy, {6});
    const std::vector<float> expected =
        clipped ? std::vector<float>{1, 2, 0, 8, 0, 32} : std::vector<float>{1, 2, 4, 8, 16, 32};
    BOOST_TEST(found.dx == expected, boost::test_tools::per_element());
    // Signs: + + + - - + ; - + + - - -.
    BOOST_TEST(found.state[0] == 1 + 2 + 4 - 8 - 16 + 32.0F);
    BOOST_TEST(found.state[1] == -1 + 2 + 4 - 8 - 16 - 32.0F);
  }
}

BOOST_AUTO_TEST_CASE(codes_have_a_bit_for_each_level) {
  const std::vector<float> x = random_floats(3000, 4);
  for (const int levels : {1, 2, 5, 16}) {
    OneSite site(residual(), {{"levels", levels}});
    const lathe::IntegerCodes codes = site.codes(x, {3000});
    BOOST_TEST(codes.width == levels);
    BOOST_TEST(codes.levels.size() == std::size_t{1} << levels);
    BOOST_TEST((codes.values() == site.quantize(x, {3000})));
  }
  OneSite site(residual(), {{"levels", 2}});
  const std::vector<std::int64_t> expected{0b00, 0b01, 0b10, 0b11};
  BOOST_TEST(site.codes({-1.0F, -0.4F, 0.4F, 1.0F}, {4}).codes == expected,
             boost::test_tools::per_element());
  BOOST_TEST(contains(message_of([&] { site.codes({std::nanf("")}, {1}); }), "NaN has no code"));
}

BOOST_AUTO_TEST_CASE(signs_of_mase_are_the_same) {
  const json file = golden_json("quantizers_binary_ternary.json");
  const json& golden = file.at("residual_sign_levels2");
  const auto x = golden.at("x").at("data").get<std::vector<float>>();
  const auto levels = golden.at("y").at("data").get<std::vector<float>>();
  OneSite site(residual(), {{"mase_compat", true}}, LATHE_ROLE_DATA_IN);
  const auto means = golden.at("means").at("data").get<std::vector<float>>();
  BOOST_TEST(site.state == means, boost::test_tools::per_element());
  const std::vector<float> y = site.quantize(x, {2, 6});
  for (std::size_t i = 0; i < x.size(); ++i) {
    BOOST_TEST(std::fabs(y[i] - (levels[i] + levels[i + x.size()])) <= 1e-6F);
  }

  const json& binarize = file.at("binarize");
  const auto all = binarize.at("x").at("data").get<std::vector<float>>();
  OneSite one(residual(), {{"mase_compat", true}, {"levels", 1}}, LATHE_ROLE_DATA_IN);
  BOOST_TEST(one.quantize(all, {8}) == binarize.at("y").at("data").get<std::vector<float>>(),
             boost::test_tools::per_element());
  BOOST_TEST(one.backward(all, std::vector<float>(8, 1.0F), {8}).dx ==
                 binarize.at("grad_of_sum").at("data").get<std::vector<float>>(),
             boost::test_tools::per_element());
  BOOST_TEST(contains(message_of([&] { one.codes(all, {8}); }), "has no codes"));
}

BOOST_AUTO_TEST_CASE(with_mase_compat_weights_have_one_level_and_biases_none) {
  OneSite weight(residual(), {{"mase_compat", true}}, LATHE_ROLE_WEIGHT);
  BOOST_TEST(weight.state.size() == 1U);
  BOOST_TEST(weight.quantize({-0.2F}, {1})[0] == -1.0F);
  OneSite bias(residual(), {{"mase_compat", true}}, LATHE_ROLE_BIAS);
  BOOST_TEST(bias.state.empty());
  BOOST_TEST(bias.quantize({-0.2F}, {1})[0] == -0.2F);
}

BOOST_AUTO_TEST_CASE(storage_is_a_bit_a_level) {
  const OneSite site(residual(), {{"levels", 3}});
  BOOST_TEST(site.format.storage_bits(SiteOf({10, 3}).site()) == 90.0);
  BOOST_TEST(site.format.precision().text() == "[3, false, true]");
}

BOOST_AUTO_TEST_CASE(wrong_options_are_refused) {
  for (const json& options : {json{{"levels", 0}}, json{{"levels", 17}}, json{{"stochastic", true}},
                              json{{"bipolar", false}}, json{{"ste", "none"}}}) {
    const std::string said = message_of([&] { const OneSite made(residual(), options); });
    BOOST_TEST(contains(said, options.begin().key()), options << ": " << said);
  }
}

BOOST_AUTO_TEST_SUITE_END()
