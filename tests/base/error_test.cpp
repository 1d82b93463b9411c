// Errors: a sentence, a place, an exit code.

#include "core/base/error.hpp"

#include <boost/test/unit_test.hpp>

using lathe::Error;
using lathe::Position;

BOOST_AUTO_TEST_SUITE(error)

BOOST_AUTO_TEST_CASE(a_place_stands_in_front_of_the_sentence) {
  const Error e = lathe::usage_error("unknown option 'x'", Position{"a.toml", 12, 9});
  BOOST_TEST(std::string(e.what()) == "a.toml:12:9: unknown option 'x'");
  BOOST_TEST(e.message() == "unknown option 'x'");
}

BOOST_AUTO_TEST_CASE(a_file_without_a_line_is_a_place_too) {
  BOOST_TEST((Position{"a.h5", 0, 0}.text()) == "a.h5");
  BOOST_TEST(Position{}.text() == "");
}

BOOST_AUTO_TEST_CASE(who_is_to_blame_decides_the_exit_code) {
  BOOST_TEST(lathe::usage_error("a").exit_code() == 2);
  BOOST_TEST(lathe::run_error(LATHE_DATA_LOSS, "a").exit_code() == 1);
  BOOST_TEST(lathe::run_error(LATHE_DATA_LOSS, "a").code() == LATHE_DATA_LOSS);
}

BOOST_AUTO_TEST_CASE(a_place_is_given_once_and_context_adds_up) {
  const Error e = lathe::usage_error("bad").at(Position{"a", 1, 2}).at(Position{"b", 3, 4});
  BOOST_TEST(std::string(e.what()) == "a:1:2: bad");
  BOOST_TEST(std::string(e.within("pass 'p'").what()) == "a:1:2: pass 'p': bad");
}

BOOST_AUTO_TEST_CASE(what_is_shown_is_one_line_whatever_the_sentence_holds) {
  const std::string cell("2\nb\0o\x1b[2J", 9);
  const Error e = lathe::run_error(LATHE_DATA_LOSS, "'" + cell + "' is no number", {"a\tb", 2, 1});
  BOOST_TEST(e.what() == std::string("a\\tb:2:1: '2\\nb\\x00o\\x1b[2J' is no number"));
  BOOST_TEST(e.message() == "'" + cell + "' is no number");
}

BOOST_AUTO_TEST_SUITE_END()
