// What regular expressions of names mean, and what is said of those that are none.
#include "core/base/pattern.hpp"

#include "tests/options/expect.hpp"

using lathe::Pattern;
using lathe_test::expect_usage_error;

namespace {

const lathe::Position kPlace{"a.toml", 2, 1};

bool matches(const std::string& pattern, const std::string& name) {
  return Pattern(pattern, kPlace).matches(name);
}

void refused(const std::string& pattern, const std::string& says) {
  expect_usage_error([&] { Pattern(pattern, kPlace); }, "a.toml:2:1",
                     {"'" + pattern + "' is no regular expression: " + says});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(patterns)

// Expected values: Python 3.11, re.fullmatch.
BOOST_AUTO_TEST_CASE(a_pattern_matches_the_whole_name_as_in_python) {
  BOOST_TEST(matches("seq_blocks_[25]", "seq_blocks_5"));
  BOOST_TEST(!matches("blocks_[25]", "seq_blocks_5"));
  BOOST_TEST(!matches("seq_blocks_2", "seq_blocks_25"));
  BOOST_TEST(matches("a|ab", "ab"));  // the second branch is tried where the first leaves a rest
  BOOST_TEST(matches("", ""));
  BOOST_TEST(!matches("", "a"));
  BOOST_TEST(matches(R"(\Aseq_\d+\Z)", "seq_12"));
  BOOST_TEST(matches("^seq$", "seq"));
  BOOST_TEST(matches("(?i)SEQ", "seq"));
  BOOST_TEST(matches("(?P<x>[ab])(?P=x)", "aa"));
  BOOST_TEST(!matches("(?P<x>[ab])(?P=x)", "ab"));
  BOOST_TEST(matches(".*(?<!_1)_conv", "layer_2_conv"));
  BOOST_TEST(!matches(".*(?<!_1)_conv", "layer_1_conv"));
  BOOST_TEST(matches("(?!seq).*", "conv1"));
  BOOST_TEST(matches("[{,3}]", "{"));
  BOOST_TEST(matches(R"(\{,3})", "{,3}"));
  BOOST_TEST(matches("a{0,3}", "aa"));
}

BOOST_AUTO_TEST_CASE(a_pattern_occurs_in_a_name_that_has_a_part_of_its_form) {
  BOOST_TEST(Pattern("blocks_[25]", kPlace).occurs_in("seq_blocks_5"));
  BOOST_TEST(!Pattern("blocks_[25]", kPlace).occurs_in("seq_blocks_3"));
}

BOOST_AUTO_TEST_CASE(where_a_text_stops_being_an_expression_is_said) {
  refused("seq_(", "missing closing parenthesis, at its end");
  refused("seq_[25", "missing terminating ] for character class, at its end");
  refused("*_2", "quantifier does not follow a repeatable item, at its start");
  refused("seq_**", "quantifier does not follow a repeatable item, after character 5, 'seq_*'");
  refused("seq)_2", "unmatched closing parenthesis, after character 3, 'seq'");
  refused("seq_\\", "\\ at end of pattern, at its end");
  refused(R"(.*(?<=_\d+))", "lookbehind assertion is not fixed length, after character 2, '.*'");
  refused("a{,3}", "'{,3}' lacks its lower bound; write {0,3}");
}

BOOST_AUTO_TEST_CASE(long_patterns_and_names_are_read_or_refused_and_quoted_short) {
  const std::string long_name(10'000, 'a');
  BOOST_TEST(matches(long_name, long_name));
  BOOST_TEST(!matches(long_name, "a"));
  BOOST_TEST(matches("a.*", std::string(1'000'000, 'a')));
  const std::string quote = "'" + std::string(60, 'a') + "...' (100000 characters)";
  expect_usage_error([&] { Pattern(std::string(100'000, 'a'), kPlace); }, "a.toml:2:1",
                     {quote, "too large"});
  expect_usage_error([&] { Pattern(std::string(300, '(') + std::string(300, ')'), kPlace); },
                     "a.toml:2:1", {"too deeply nested"});
}

BOOST_AUTO_TEST_CASE(a_match_that_takes_too_many_steps_is_given_up) {
  const Pattern pattern("(a+)+$", kPlace);
  BOOST_TEST(pattern.matches(std::string(100'000, 'a')));
  std::string stuck(101, 'a');
  stuck.back() = 'b';
  expect_usage_error([&] { (void)pattern.matches(stuck); }, "a.toml:2:1",
                     {"'(a+)+$' takes more than 1000000 steps on the name 'aaa", "(101 characters)",
                      "leave out repeats of repeats"});
}

BOOST_AUTO_TEST_CASE(a_moved_pattern_still_matches) {
  Pattern first("a+", kPlace);
  const Pattern second = std::move(first);
  BOOST_TEST(second.matches("aaa"));
}

BOOST_AUTO_TEST_SUITE_END()
