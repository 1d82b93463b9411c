#include "core/search/isolation/wire.hpp"
#include "core/search/isolation/messages.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace lathe;

BOOST_AUTO_TEST_SUITE(wire)

BOOST_AUTO_TEST_CASE(values_come_back_bit_for_bit) {
  const double odd[] = {0.1, -0.0, std::numeric_limits<double>::denorm_min(),
                        std::numeric_limits<double>::infinity(),
                        -std::numeric_limits<double>::infinity()};
  Value::List numbers(std::begin(odd), std::end(odd));
  const Value value(Value::Map{{"numbers", numbers},
                               {"whole", std::numeric_limits<std::int64_t>::min()},
                               {"text", std::string("a\0b\n\xff", 5)},
                               {"none", Value()},
                               {"yes", true},
                               {"empty", Value(Value::Map{})},
                               {"list", Value(Value::List{})}});
  const WireWriter out = WireWriter().value(value);
  WireReader in(out.bytes());
  BOOST_TEST((in.value() == value));
  in.end();
}

BOOST_AUTO_TEST_CASE(a_nan_comes_back_as_one) {
  const WireWriter out = WireWriter().value(std::nan(""));
  BOOST_TEST(std::isnan(WireReader(out.bytes()).value().as_float()));
}

BOOST_AUTO_TEST_CASE(what_is_cut_short_or_too_long_is_refused) {
  Scalars scalars;
  scalars.software.set("accuracy", 0.5);
  scalars.troubles = {"all zero"};
  scalars.untrained = {"fc"};
  const std::string whole = body_of(scalars);
  BOOST_TEST(scalars_of(whole).troubles == scalars.troubles);
  for (std::size_t size = 0; size < whole.size(); ++size)
    BOOST_CHECK_THROW(scalars_of(std::string_view(whole).substr(0, size)), Error);
  BOOST_CHECK_THROW(scalars_of(whole + "x"), Error);
  BOOST_CHECK_THROW(scalars_of(std::string(64, '\xff')), Error);
}

BOOST_AUTO_TEST_CASE(an_error_keeps_its_code_and_its_sentence_with_the_place) {
  const Error error = usage_error("no such thing", {"a.toml", 3, 4});
  const Error back = error_of(body_of(error));
  BOOST_TEST(back.what() == error.what());
  BOOST_TEST(back.code() == error.code());
  BOOST_TEST(back.exit_code() == 2);
  BOOST_TEST(error_of(body_of(std::runtime_error("other"))).what() == "other");
}

BOOST_AUTO_TEST_SUITE_END()
