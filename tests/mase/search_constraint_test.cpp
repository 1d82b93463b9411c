// Constraints of a search as a file writes them, and how far a number is from meeting one.
#include "core/mase/search_constraint.hpp"
#include "core/options/text/document.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

namespace {

using namespace lathe;

std::vector<SearchConstraint> read(const std::string& toml) {
  return read_constraints(parse_toml(toml, "a.toml"));
}

double violation(const std::string& comparison, double value) {
  return read("bits = \"" + comparison + "\"").front().violation(value);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(search_constraints)

BOOST_AUTO_TEST_CASE(a_violation_is_how_far_a_value_is_from_the_bound) {
  BOOST_CHECK_EQUAL(violation("<= 4.5", 6), 1.5);
  BOOST_CHECK_EQUAL(violation("<=4.5", 4), -0.5);
  BOOST_CHECK_EQUAL(violation(">= 2e6", 5e5), 1.5e6);
  BOOST_CHECK_EQUAL(violation(">= -1", 1), -2);
  BOOST_CHECK_EQUAL(violation("  ==  1_000 ", 990), 10);
  BOOST_CHECK_EQUAL(violation("== +4", 4), 0);
  BOOST_CHECK_EQUAL(violation("< 4", 5), 1);
  BOOST_CHECK_EQUAL(violation("> 4", 5), -1);
}

BOOST_AUTO_TEST_CASE(the_bound_itself_is_enough_unless_it_is_left_out) {
  for (const char* comparison : {"<= 4", ">= 4", "== 4"})
    BOOST_CHECK_EQUAL(violation(comparison, 4), 0);
  for (const char* comparison : {"< 4", "> 4"}) BOOST_CHECK_GT(violation(comparison, 4), 0);
}

BOOST_AUTO_TEST_CASE(an_infinite_value_is_violated_by_a_finite_number) {
  const double infinity = std::numeric_limits<double>::infinity();
  BOOST_CHECK_EQUAL(violation("<= 4", infinity), std::numeric_limits<double>::max());
  BOOST_CHECK_EQUAL(violation("<= 4", -infinity), -std::numeric_limits<double>::max());
  BOOST_CHECK_EQUAL(violation("== 4", -infinity), std::numeric_limits<double>::max());
}

BOOST_AUTO_TEST_CASE(several_constraints_stand_in_the_order_of_their_names) {
  const auto constraints = read("loss = \"< 1\"\nbits = [\">= 2\", \"<= 4\"]");
  BOOST_REQUIRE_EQUAL(constraints.size(), 3);
  BOOST_CHECK_EQUAL(constraints[0].name + constraints[0].text(), "bits>= 2");
  BOOST_CHECK_EQUAL(constraints[1].name + constraints[1].text(), "bits<= 4");
  BOOST_CHECK_EQUAL(constraints[2].name + constraints[2].text(), "loss< 1");
  BOOST_CHECK(read("").empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_comparison_with_a_number_is_refused_with_its_place) {
  for (const char* given :
       {"\"\"", "\"4\"", "4", "true", "\"=< 4\"", "\"= 4\"", "\"!= 4\"", "\"<= four\"",
        "\"<= 4 bits\"", "\"<= 1e999\"", "\"<= nan\"", "\"<= inf\"", "\"<=\"", "\"<= 2 3\"",
        "{max = 4}", "[4]", "\"NA\"", "\"<= 0x10\"", "\"<= +-4\""}) {
    BOOST_TEST_CONTEXT(given) {
      BOOST_CHECK_EXCEPTION(read(std::string("bits = ") + given), Error, [](const Error& error) {
        const std::string what = error.what();
        return error.exit_code() == 2 && what.starts_with("a.toml:1:") &&
               what.find("the constraint of 'bits' takes a comparison") != what.npos;
      });
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
