// What a terminal may show, against texts written by hand; the code points are Unicode's.
#include "core/base/words/shown.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using lathe::shown;
using lathe::shown_lines;
using lathe::utf8_length;
using namespace std::string_literals;

BOOST_AUTO_TEST_SUITE(shown_text)

BOOST_AUTO_TEST_CASE(what_steers_a_terminal_is_written_out) {
  struct Row {
    std::string text, expected;
  };
  const Row rows[] = {
      {"", ""},
      {"plain text: 'a' = 1", "plain text: 'a' = 1"},
      {"2\nboo", "2\\nboo"},
      {"a\r\nb\tc", "a\\r\\nb\\tc"},
      {"\x1b[31mred\x1b[0m\a\b", "\\x1b[31mred\\x1b[0m\\x07\\x08"},
      {"nul\0l"s, "nul\\x00l"},
      {"\x7f", "\\x7f"},
      {"\xc2\x9b"
       "31m",
       "\\u009b31m"},           // CSI of C1
      {"\xc2\x85", "\\u0085"},  // NEXT LINE
      {"a\xe2\x80\xae"          // RIGHT-TO-LEFT OVERRIDE
       "b",
       "a\\u202eb"},
      {"\xe2\x81\xa6\xe2\x81\xa9", "\\u2066\\u2069"},  // isolates
      {"\xe2\x80\xa8", "\\u2028"},                     // LINE SEPARATOR
      {"\xe2\x80\x8f\xd8\x9c", "\\u200f\\u061c"},      // marks
      {"Zürich, 東京, 🙂, \xc2\xa0", "Zürich, 東京, 🙂, \xc2\xa0"},
      {"latin \xe9", "latin \\xe9"},
      {"\xff\xfe", "\\xff\\xfe"},
      {"\xc0\x80", "\\xc0\\x80"},           // overlong
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},  // a surrogate
      {"cut \xe2\x82", "cut \\xe2\\x82"},
  };
  for (const Row& row : rows) {
    BOOST_TEST(shown(row.text) == row.expected);
    BOOST_TEST(shown(row.expected) == row.expected, "what was shown stays as it is");
  }
}

BOOST_AUTO_TEST_CASE(lines_stay_lines_where_they_are_meant) {
  BOOST_TEST(shown_lines("a\tb\nc\x1b\r\n") == "a\tb\nc\\x1b\\r\n");
}

BOOST_AUTO_TEST_CASE(characters_of_utf8_are_told_from_other_bytes) {
  BOOST_TEST(utf8_length("") == 0U);
  BOOST_TEST(utf8_length("a") == 1U);
  BOOST_TEST(utf8_length("\0"s) == 1U);
  BOOST_TEST(utf8_length("ü") == 2U);
  BOOST_TEST(utf8_length("東") == 3U);
  BOOST_TEST(utf8_length("🙂") == 4U);
  BOOST_TEST(utf8_length("\xf4\x90\x80\x80") == 0U);  // above U+10FFFF
  BOOST_TEST(utf8_length("\x80") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
