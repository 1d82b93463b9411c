// examples/plugins/pact.cpp against the formulas of Choi et al., "PACT: parameterized clipping
// activation for quantized neural networks" (2018): equations 1 to 3.
#include "tests/plugins/built_examples.hpp"
#include "tests/plugins/one_site.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace lathe_test;

const lathe::Component& pact() {
  static const Built built({"pact.cpp"});
  return built.registry().find(lathe::Kind::format, "example.pact");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(learned_clipping)

BOOST_AUTO_TEST_CASE(values_are_equal_steps_from_zero_to_the_level) {
  OneSite site(pact(), {{"width", 2}, {"start", 1.5}}, LATHE_ROLE_DATA_IN, "relu");
  const std::vector<float> x{-3.0F, 0.0F, 0.24F, 0.26F, 0.9F, 1.5F, 7.0F};
  const std::vector<float> expected{0, 0, 0, 0.5F, 1, 1.5F, 1.5F};
  BOOST_TEST(site.quantize(x, {7}) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_level_has_the_gradient_of_what_it_clips) {
  OneSite site(pact(), {{"start", 1.5}}, LATHE_ROLE_DATA_IN, "relu");
  const std::vector<float> x{-3.0F, 0.0F, 1.0F, 1.5F, 7.0F}, dy{1, 2, 4, 8, 16};
  const OneSite::Gradients found = site.backward(x, dy, {5});
  const std::vector<float> expected{0, 2, 4, 0, 0};
  BOOST_TEST(found.dx == expected, boost::test_tools::per_element());
  BOOST_TEST(found.state[0] == 24.0F);
}

BOOST_AUTO_TEST_CASE(it_keeps_the_level) {
  const OneSite fresh(pact(), json::object());
  BOOST_REQUIRE(fresh.specs.size() == 1U);
  BOOST_TEST(fresh.specs[0].name == "alpha");
  BOOST_TEST(fresh.specs[0].learnable);
  BOOST_TEST(fresh.state[0] == 10.0F);
  BOOST_TEST(fresh.format.precision().text() == "[4]");
}

BOOST_AUTO_TEST_SUITE_END()
