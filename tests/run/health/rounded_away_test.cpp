// Weights of which a number format leaves nothing.
#include "core/run/health/rounded_away.hpp"
#include "tests/engine/engine.hpp"
#include "tests/support/messages.hpp"

#include <limits>

using namespace lathe_test;

namespace {

// What is said of weights between -0.25 and 0.25 as fixed point of that width.
std::vector<std::string> said(int width, const json& frac_width, float scale = 0.25F) {
  std::vector<float> weights;
  for (int i = 0; i < 80; ++i)
    weights.push_back(scale * (2.0F * static_cast<float>(i) / 79.0F - 1.0F));
  Writer w;
  w.input({16});
  w.linear("fc", 16, 5);
  const Graph graph = w.finish(8).with_parameters({{"fc.weight", floats(Shape{5, 16}, weights)}});
  const json config{{"data_in_width", 8},    {"data_in_frac_width", 4},
                    {"weight_width", width}, {"weight_frac_width", frac_width},
                    {"bias_width", 8},       {"bias_frac_width", 6}};
  return lathe::run::weights_rounded_away(registry(), quantized(graph, {graph.find("fc")}, config));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rounded_away)

BOOST_AUTO_TEST_CASE(weights_that_all_round_to_zero_are_named_with_their_format) {
  // Steps of 0.5: 0.25 is a tie and goes to the even code, 0.
  const auto found = said(3, 1);
  BOOST_REQUIRE_EQUAL(found.size(), 1U);
  for (const char* part :
       {"the 80 values of 'fc.weight'", "node 'fc', weight", "all round to 0",
        "integer<width=3,frac_width=1", "the largest is 0.25", "more bits behind the point"})
    BOOST_TEST(contains(found[0], part), found[0]);
}

BOOST_AUTO_TEST_CASE(weights_that_are_clipped_to_next_to_nothing_are_named_too) {
  // Codes from -8 to 7 of 2^-10: 0.00781 at most.
  const auto found = said(4, 10);
  BOOST_REQUIRE_EQUAL(found.size(), 1U);
  BOOST_TEST(contains(found[0], "keep 4% of their size"), found[0]);
  BOOST_TEST(contains(found[0], "0.00781 after"), found[0]);
  BOOST_TEST(contains(found[0], "fewer bits behind the point"), found[0]);
}

BOOST_AUTO_TEST_CASE(a_format_that_fits_is_passed_over) {
  BOOST_TEST(said(3, 2).empty());  // steps of 0.25: the ends are kept
  BOOST_TEST(said(8, 7).empty());
  BOOST_TEST(said(8, nullptr).empty());
  BOOST_TEST(said(3, 1, 0.0F).empty());  // zeros were zeros before
  BOOST_TEST(said(3, 1, std::numeric_limits<float>::quiet_NaN()).empty());
}

BOOST_AUTO_TEST_SUITE_END()
