// Arithmetic beyond 64 bits, against identities and against numbers that Python computed.
#include "plugins/search_strategies/brute/natural.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>

namespace {

using search_strategies::Natural;

Natural decimal(const std::string& text) {
  Natural number;
  for (const char digit : text) {
    number = number * 10;
    number += static_cast<std::uint64_t>(digit - '0');
  }
  return number;
}

// Zeros and ones are as frequent as anything else, so that carries run far.
Natural drawn(std::mt19937& random, std::size_t digits) {
  std::vector<std::uint32_t> result(random() % digits + 1);
  for (std::uint32_t& digit : result) {
    const auto kind = random() % 4;
    digit = kind == 0 ? 0 : kind == 1 ? ~0U : static_cast<std::uint32_t>(random());
  }
  return Natural::of(std::move(result));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(natural)

BOOST_AUTO_TEST_CASE(products_and_quotients_are_pythons) {
  Natural power = 1;
  for (int i = 0; i < 40; ++i) power = power * 7;
  BOOST_CHECK(power == decimal("6366805760909027985741435139224001"));
  BOOST_CHECK_EQUAL(power.bits(), 113U);
  Natural quotient = power;
  const Natural rest = quotient.divide(decimal("123456789012345678901"));
  BOOST_CHECK(quotient == decimal("51571127127503"));
  BOOST_CHECK(rest == decimal("33441795632615309798"));
}

BOOST_AUTO_TEST_CASE(a_quotient_times_its_divisor_and_the_rest_is_the_number) {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    const Natural number = drawn(random, 8);
    Natural divisor = drawn(random, 5);
    if (divisor == 0) divisor = 1;
    Natural quotient = number;
    const Natural rest = quotient.divide(divisor);
    BOOST_REQUIRE(rest < divisor);
    Natural again = quotient * divisor;
    again += rest;
    BOOST_REQUIRE(again == number);
    again -= rest;
    BOOST_REQUIRE(again == quotient * divisor);
  }
}

BOOST_AUTO_TEST_CASE(bits_are_cut_and_joined_anywhere) {
  const Natural number = decimal("6366805760909027985741435139224001");
  for (std::size_t cut = 0; cut <= 130; ++cut) {
    BOOST_REQUIRE((number.above(cut).shifted(cut) ^ number.below(cut)) == number);
    BOOST_REQUIRE(number.below(cut).bits() <= cut);
  }
}

BOOST_AUTO_TEST_CASE(small_numbers_are_those_of_64_bits) {
  BOOST_CHECK_EQUAL(Natural(0).bits(), 0U);
  BOOST_CHECK_EQUAL(Natural(~0ULL).bits(), 64U);
  BOOST_CHECK_EQUAL(Natural(~0ULL).low64(), ~0ULL);
  BOOST_CHECK(Natural(3) < Natural(1ULL << 40));
  BOOST_CHECK(!(Natural(3) < Natural(3)));
}

BOOST_AUTO_TEST_SUITE_END()
