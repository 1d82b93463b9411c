// Values as JSON texts: what is written at once is what a tree of JSON is written as.
#include "core/base/json.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace lathe;

namespace {

std::string through_a_tree(const Value& value) {
  return json_of(value).dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_texts)

BOOST_AUTO_TEST_CASE(a_text_is_that_of_the_tree) {
  const Value nested(Value::Map{
      {"empty", Value(Value::Map{})},
      {"list",
       Value(Value::List{Value(1), Value(true), Value(), Value(Value::List{}), Value(-0.5)})},
      {"a \"quote\", a \\ and a tab\t", Value("caf\xc3\xa9 \xf0\x9f\x98\x80")},
      {"no UTF-8", Value("\xff\xfe")},
      {"deep", Value(Value::Map{{"config", Value(Value::Map{{"weight_width", Value(8)}})}})}});
  BOOST_TEST(json_text(nested) == through_a_tree(nested));
  for (const Value& value : {Value(), Value(false), Value(std::int64_t{INT64_MIN}), Value(""),
                             Value(Value::List{}), Value(Value::Map{})})
    BOOST_TEST(json_text(value) == through_a_tree(value));
}

BOOST_AUTO_TEST_CASE(floats_are_read_back_as_the_same_floats) {
  for (const double number : {0.0, -0.0, 1.0, 0.1, 1e-5, 1e-300, 123456789.0, 1e15, 1e16, 1e300,
                              1.0 / 3, std::numeric_limits<double>::denorm_min()}) {
    const Json read = Json::parse(json_text(Value(number)));
    BOOST_TEST(read.is_number_float());
    BOOST_TEST(read.get<double>() == number);
  }
}

BOOST_AUTO_TEST_CASE(what_json_lacks_is_null) {
  BOOST_TEST(json_text(Value(std::numeric_limits<double>::quiet_NaN())) == "null");
  BOOST_TEST(json_text(Value(-std::numeric_limits<double>::infinity())) == "null");
}

BOOST_AUTO_TEST_SUITE_END()
