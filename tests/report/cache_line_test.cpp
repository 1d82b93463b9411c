// The line of the evaluation cache, against texts written by hand.
#include "core/report/cache_line.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;

BOOST_AUTO_TEST_SUITE(cache_line_of_a_run)

BOOST_AUTO_TEST_CASE(hits_are_a_part_of_look_ups) {
  const Value cache(Value::Map{{"limit", std::int64_t{64} << 20},
                               {"most_bytes", std::int64_t{3} << 19},
                               {"lookups", 1200},
                               {"hits", 980}});
  BOOST_TEST(cache_line(Value(Value::Map{{"cache", cache}})) ==
             "evaluation cache: 82% of 1200 look-ups found, at most 1.5 of 64 MiB held");
}

BOOST_AUTO_TEST_CASE(nothing_is_said_where_nothing_was_looked_up) {
  BOOST_TEST(cache_line(Value(Value::Map{})) == "");
  BOOST_TEST(cache_line(Value(Value::Map{{"cache", Value(Value::Map{{"lookups", 0}})}})) == "");
  BOOST_TEST(cache_line(Value(Value::Map{{"cache", Value(Value::Map{})}})) == "");
}

BOOST_AUTO_TEST_SUITE_END()
