// How fast and how long, at times that are given.
#include "core/report/pace.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;

namespace {

Pace::Time at(double seconds) {
  return Pace::Time{} +
         std::chrono::duration_cast<Pace::Time::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pace)

BOOST_AUTO_TEST_CASE(nothing_is_said_of_a_rate_before_anything_is_done) {
  Pace pace(at(0));
  BOOST_TEST(!pace.rate());
  pace.add(at(5), 0);
  BOOST_TEST(!pace.rate());
  pace.add(at(10), 20);
  BOOST_TEST(*pace.rate() == 2.0);
}

BOOST_AUTO_TEST_CASE(a_slow_start_is_forgotten_after_half_a_minute) {
  Pace pace(at(0));
  for (int second = 1; second <= 100; ++second)
    pace.add(at(second), second <= 50 ? 0U : static_cast<std::uint64_t>(second - 50) * 3);
  BOOST_TEST(*pace.rate() == 3.0, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(many_looks_in_a_second_are_one) {
  Pace pace(at(0));
  for (int i = 1; i <= 1000; ++i) pace.add(at(i * 0.001), static_cast<std::uint64_t>(i));
  BOOST_TEST(*pace.rate() == 1000.0, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(rates_have_the_unit_that_suits_them) {
  BOOST_TEST(rate_text(12345.6) == "12346/s");
  BOOST_TEST(rate_text(9.96) == "10.0/s");
  BOOST_TEST(rate_text(0.5) == "0.5/s");
  BOOST_TEST(rate_text(0.05) == "3.0/min");
  BOOST_TEST(rate_text(0.001) == "3.6/h");
}

BOOST_AUTO_TEST_CASE(durations_are_read_as_clocks_are) {
  BOOST_TEST(duration_text(0) == "0:00");
  BOOST_TEST(duration_text(6.2) == "0:07");
  BOOST_TEST(duration_text(750) == "12:30");
  BOOST_TEST(duration_text(3 * 3600 + 5 * 60) == "3:05:00");
  BOOST_TEST(duration_text(4 * 86400 + 3 * 3600) == "4 d 3 h");
  BOOST_TEST(duration_text(1e300) == "11574 d 1 h");
  BOOST_TEST(duration_text(-1) == "0:00");
}

BOOST_AUTO_TEST_SUITE_END()
