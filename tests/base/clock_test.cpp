#include "core/base/clock.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <ctime>

using namespace std::chrono_literals;

namespace {

struct InTokyo {
  InTokyo() {
    ::setenv("TZ", "JST-9", 1);
    ::tzset();
  }
  ~InTokyo() {
    ::unsetenv("TZ");
    ::tzset();
  }
};

// 2009-02-13T23:31:30Z, and 7 microseconds.
constexpr lathe::Time kTime{std::chrono::seconds(1234567890) + 7us};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(times, InTokyo)

BOOST_AUTO_TEST_CASE(a_time_is_written_in_utc_and_as_the_wall_clock_shows_it) {
  BOOST_TEST(lathe::utc_text(kTime) == "2009-02-13T23:31:30Z");
  BOOST_TEST(lathe::local_date(kTime) == "2009-02-14");
  BOOST_TEST(lathe::local_text(kTime) == "2009-02-14 08:31:30.000007");
}

BOOST_AUTO_TEST_CASE(what_was_written_reads_back_and_other_text_is_the_epoch) {
  BOOST_TEST((lathe::time_of_local_text("2009-02-14 08:31:30.000007") == kTime));
  BOOST_TEST((lathe::time_of_local_text("2009-02-14 08:31:30") == kTime - 7us));
  BOOST_TEST((lathe::time_of_local_text("yesterday") == lathe::Time{}));
}

BOOST_AUTO_TEST_SUITE_END()
