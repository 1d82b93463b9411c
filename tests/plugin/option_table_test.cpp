// What a plugin's table of options says, and what is refused of it.
#include "core/plugin/option_table.hpp"

#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;

BOOST_AUTO_TEST_SUITE(option_table)

BOOST_AUTO_TEST_CASE(choices_may_hold_bars_and_backslashes) {
  const lathe_option rows[] = {{"mode", LATHE_OPTION_CHOICE, 0, "a|b", nullptr,
                                "a\\|b|plain|c:\\\\d", nullptr, "How.", nullptr, 0, nullptr,
                                nullptr}};
  const OptionTable table = read_option_table(rows, 1, sizeof *rows, "pass 'x'", "x.so");
  const std::vector<std::string> expected{"a|b", "plain", "c:\\d"};
  BOOST_TEST(table.options[0].choices == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(only_numbers_are_logarithmic) {
  const lathe_option rows[] = {{"mode", LATHE_OPTION_STRING, LATHE_OPTION_FLAG_LOG, nullptr,
                                nullptr, nullptr, nullptr, "How.", nullptr, 0, nullptr, nullptr}};
  BOOST_TEST(
      contains(message_of([&] { read_option_table(rows, 1, sizeof *rows, "pass 'x'", "x.so"); }),
               "option 'mode' is logarithmic, but no number"));
}

BOOST_AUTO_TEST_SUITE_END()
