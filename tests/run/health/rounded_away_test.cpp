// Weights of which a number format leaves nothing.
#include "core/run/health/rounded_away.hpp"
#include "tests/engine/engine.hpp"
#include "tests/support/messages.hpp"

#include <limits>

using namespace lathe_test;

namespace {

std::vector<float> ramp(float scale) {
  std::vector<float> weights;
  for (int i = 0; i < 80; ++i)
    weights.push_back(scale * (2.0F * static_cast<float>(i) / 79.0F - 1.0F));
  return weights;
}

Graph with_weights(const std::vector<float>& weights) {
  Writer w;
  w.input({16});
  w.linear("fc", 16, 5);
  return w.finish(8).with_parameters({{"fc.weight", floats(Shape{5, 16}, weights)}});
}

// What is said of weights in that format.
std::vector<std::string> said_of(const std::vector<float>& weights, const std::string& format,
                                 Value options = Value(Value::Map{})) {
  Graph graph = with_weights(weights);
  lathe::Transaction edit(graph);
  edit.set_format(graph.find("fc"), format_of("weight", format, std::move(options)));
  edit.commit();
  return lathe::run::weights_rounded_away(registry(), graph);
}

// What is said of weights between -0.25 and 0.25 as fixed point of that width.
std::vector<std::string> said(int width, const json& frac_width, float scale = 0.25F) {
  const Graph graph = with_weights(ramp(scale));
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

BOOST_AUTO_TEST_CASE(weights_of_which_over_half_become_zero_are_named_with_a_way_out) {
  // Steps of 0.25 under weights from -0.25 to 0.25: those up to 0.125 become zero, 40 of the 80.
  BOOST_TEST(said_of(ramp(0.25F), "integer", integer_options(8, 2)).empty());
  std::vector<float> weights = ramp(0.25F);
  for (int i = 0; i < 3; ++i) weights[static_cast<std::size_t>(i)] = 0.01F;
  weights[79] = 0;  // was zero: that is no loss
  const auto found = said_of(weights, "integer", integer_options(8, 2));
  BOOST_REQUIRE_EQUAL(found.size(), 1U);
  for (const char* part : {"43 of the 79 values of 'fc.weight' (node 'fc', weight)", "over half",
                           "round to 0 in integer<width=8,frac_width=2", "calibration=mse"})
    BOOST_TEST(contains(found[0], part), found[0]);
}

BOOST_AUTO_TEST_CASE(zeros_of_a_ternary_format_are_no_finding) {
  // 56 of 80 lie under 0.75 of the mean magnitude.
  std::vector<float> weights = ramp(0.05F);
  for (std::size_t i = 0; i < 24; ++i) weights[i] = i % 2 == 0 ? 1.0F : -1.0F;
  for (const bool scaled : {false, true}) {
    Value options{Value::Map{}};
    options.set("scaling_factor", scaled);
    BOOST_TEST(said_of(weights, "ternary", options).empty());
  }
  BOOST_TEST(said_of(weights, "binary").empty());
  BOOST_TEST(said_of(weights, "integer", integer_options(3, 1)).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
