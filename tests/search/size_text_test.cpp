// Sizes of spaces, against powers worked out by hand (python: 4**100 = 1.607e60).
#include "core/search/space/size_text.hpp"

#include "core/search/space/domain.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

using namespace lathe;

namespace {

using Factors = std::vector<std::uint64_t>;

Factors times(std::size_t count, std::uint64_t factor, Factors more = {}) {
  more.insert(more.end(), count, factor);
  return more;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(size_text_of_spaces)

BOOST_AUTO_TEST_CASE(what_can_be_counted_is_exact) {
  BOOST_TEST(size_text(Factors{}) == "1");
  BOOST_TEST(size_text(Factors{2, 4, 4}) == "32");
  BOOST_TEST(size_text(times(31, 4)) == "4611686018427387904");
}

BOOST_AUTO_TEST_CASE(what_cannot_is_a_power) {
  BOOST_TEST(size_text(times(100, 4)) == "4^100 = 1.6e60");
  BOOST_TEST(size_text(times(100, 4, {1, 1, 3})) == "4^100 * 3 = 4.8e60");
  BOOST_TEST(size_text(times(30, 10)) == "10^30 = 1.0e30");
  BOOST_TEST(size_text(times(600, 4)) == "4^600 = 1.7e361");
}

BOOST_AUTO_TEST_CASE(many_different_factors_are_one_number) {
  Factors factors;
  for (std::uint64_t factor = 2; factor < 42; ++factor) factors.push_back(factor);
  BOOST_TEST(size_text(factors) == "3.3e49");  // 41!
}

BOOST_AUTO_TEST_CASE(a_factor_beyond_counting_is_no_exact_power) {
  BOOST_TEST(size_text(Factors{kMostPoints}) == "9.2e18");
}

BOOST_AUTO_TEST_CASE(as_a_number_it_may_be_infinite) {
  BOOST_TEST(size_number(Factors{3, 4}) == 12.0);
  BOOST_TEST(size_number(times(100, 4)) == 0x1p200);
  BOOST_TEST(size_number(times(600, 4)) == HUGE_VAL);
}

BOOST_AUTO_TEST_SUITE_END()
