// Values: kinds, order, and the text a user reads.

#include "core/base/value.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using lathe::Error;
using lathe::Position;
using lathe::Value;

BOOST_AUTO_TEST_SUITE(value)

BOOST_AUTO_TEST_CASE(a_value_knows_its_kind_in_words_a_message_can_use) {
  BOOST_TEST(Value().kind_name() == "none");
  BOOST_TEST(Value(true).kind_name() == "boolean");
  BOOST_TEST(Value(3).kind_name() == "integer");
  BOOST_TEST(Value(3.0).kind_name() == "float");
  BOOST_TEST(Value("a").kind_name() == "string");
  BOOST_TEST(Value(Value::List{}).kind_name() == "array");
  BOOST_TEST(Value(Value::Map{}).kind_name() == "table");
}

BOOST_AUTO_TEST_CASE(a_wrong_kind_is_refused_with_both_kinds_and_the_place) {
  Value v("eight");
  v.at(Position{"a.toml", 12, 9});
  try {
    v.as_int();
    BOOST_FAIL("a string was taken for an integer");
  } catch (const Error& error) {
    BOOST_TEST(std::string(error.what()) == "a.toml:12:9: expected an integer, found string eight");
    BOOST_TEST(error.exit_code() == 2);
  }
}

BOOST_AUTO_TEST_CASE(an_integer_is_good_where_a_float_is_asked_for_but_not_the_other_way) {
  BOOST_TEST(Value(3).as_float() == 3.0);
  BOOST_CHECK_THROW(Value(3.0).as_int(), Error);
  BOOST_CHECK_THROW(Value(1).as_bool(), Error);
}

BOOST_AUTO_TEST_CASE(a_map_keeps_the_order_in_which_it_was_written) {
  Value map;
  map.set("zebra", 1);
  map.set("ant", 2);
  map.set("zebra", 3);
  BOOST_TEST(map.text() == "{zebra=3, ant=2}");
  map.erase("zebra");
  BOOST_TEST(map.text() == "{ant=2}");
  BOOST_TEST(map.find("zebra") == nullptr);
  BOOST_TEST(Value(3).find("zebra") == nullptr);
}

BOOST_AUTO_TEST_CASE(only_a_map_takes_entries) { BOOST_CHECK_THROW(Value(3).set("a", 1), Error); }

BOOST_AUTO_TEST_CASE(plain_words_and_paths_print_bare) {
  for (const char* text : {"adam", "mase_compat", "jsc-tiny", "./a/b.csv", "/data/x.h5",
                           "~/models/m.pt", "sqlite:///a/b.db", "a@b", ".hidden"}) {
    BOOST_TEST(Value(text).text() == text);
  }
}

BOOST_AUTO_TEST_CASE(texts_that_would_read_back_as_something_else_are_quoted) {
  BOOST_TEST(Value("").text() == "\"\"");
  BOOST_TEST(Value("true").text() == "\"true\"");
  BOOST_TEST(Value("NA").text() == "\"NA\"");
  BOOST_TEST(Value("inf").text() == "\"inf\"");
  BOOST_TEST(Value("8").text() == "\"8\"");
  BOOST_TEST(Value("1e5").text() == "\"1e5\"");
  BOOST_TEST(Value(".5").text() == "\".5\"");
  BOOST_TEST(Value("-x").text() == "\"-x\"");
  BOOST_TEST(Value("a b").text() == "\"a b\"");
  BOOST_TEST(Value("a,b").text() == "\"a,b\"");
  BOOST_TEST(Value("a<b>").text() == "\"a<b>\"");
  BOOST_TEST(Value("say \"hi\"\n\x01").text() == "\"say \\\"hi\\\"\\n\\u0001\"");
  BOOST_TEST(Value("grün").text() == "\"grün\"");
}

BOOST_AUTO_TEST_CASE(floats_print_shortest_and_still_look_like_floats) {
  BOOST_TEST(Value(1.0).text() == "1.0");
  BOOST_TEST(Value(0.1).text() == "0.1");
  BOOST_TEST(Value(1e-5).text() == "1e-05");
  BOOST_TEST(Value(1e300).text() == "1e+300");
  BOOST_TEST(Value(-0.0).text() == "-0.0");
  BOOST_TEST(Value(std::numeric_limits<double>::infinity()).text() == "inf");
  BOOST_TEST(Value(-std::numeric_limits<double>::infinity()).text() == "-inf");
  BOOST_TEST(Value(std::numeric_limits<double>::quiet_NaN()).text() == "nan");
}

BOOST_AUTO_TEST_CASE(lists_and_maps_print_nested) {
  const Value v = Value::Map{{"a", Value::List{1, "x", Value()}}, {"b c", Value::Map{{"d", true}}}};
  BOOST_TEST(v.text() == "{a=[1, x, NA], \"b c\"={d=true}}");
}

BOOST_AUTO_TEST_CASE(positions_do_not_count_in_comparisons) {
  Value a(3), b(3);
  a.at(Position{"a.toml", 1, 1});
  BOOST_TEST((a == b));
  BOOST_TEST((Value(3) != Value(3.0)));
  BOOST_TEST((Value(0.0) != Value(-0.0)));  // they print apart, and divide apart
}

BOOST_AUTO_TEST_CASE(a_copy_and_what_it_was_copied_from_are_written_to_apart) {
  const Value original = Value::Map{{"a", Value::List{1, 2}}, {"b", "text"}};
  Value copy = original;
  BOOST_TEST(copy.shares(original));
  copy.set("b", 3);
  copy.find_to_write("a")->as_list().push_back(Value(4));
  BOOST_TEST(!copy.shares(original));
  BOOST_TEST(original.text() == "{a=[1, 2], b=text}");
  BOOST_TEST(copy.text() == "{a=[1, 2, 4], b=3}");
  Value again = original;
  again.erase("a");
  BOOST_TEST(again.text() == "{b=text}");
  BOOST_TEST((original == Value(Value::Map{{"a", Value::List{1, 2}}, {"b", "text"}})));
  BOOST_TEST(again.find_to_write("a") == nullptr);
}

BOOST_AUTO_TEST_CASE(numbers_are_never_shared_and_equal_texts_need_not_be) {
  BOOST_TEST(!Value(3).shares(Value(3)));
  BOOST_TEST(!Value("a").shares(Value("a")));
  BOOST_TEST((Value("a") == Value("a")));
  const Value text("a");
  BOOST_TEST(Value(text).shares(text));
}

BOOST_AUTO_TEST_CASE(what_is_moved_from_is_none) {
  Value from(Value::Map{{"a", 1}});
  from.at(Position{"a.toml", 2, 3});
  const Value to = std::move(from);
  BOOST_TEST(from.is_none());  // NOLINT(bugprone-use-after-move)
  BOOST_TEST(!from.position().known());
  BOOST_TEST(to.position().line == 2);
  from.set("b", 2);
  BOOST_TEST(from.text() == "{b=2}");
}

BOOST_AUTO_TEST_SUITE_END()
