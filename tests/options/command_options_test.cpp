#include "core/options/command_options.hpp"

#include "tests/support/support.hpp"

#include <set>

using namespace lathe;

BOOST_AUTO_TEST_SUITE(command_options_table)

BOOST_AUTO_TEST_CASE(every_row_of_the_table_is_complete_and_no_spelling_means_two_things) {
  std::set<std::string> keys;
  std::set<std::pair<std::string, OptionGroup>> flags;  // commands have groups: --values
  for (const CommandOption& row : command_options()) {
    BOOST_TEST_CONTEXT(row.option.key) {
      BOOST_TEST(keys.insert(row.option.key).second);
      BOOST_TEST(!row.flags.empty());
      for (const std::string& flag : row.flags) {
        BOOST_TEST(flag.front() == '-');
        BOOST_TEST(flags.emplace(flag, row.group).second);
      }
      BOOST_TEST(!row.option.doc.empty());
      BOOST_TEST(row.option.doc.back() == '.');
      BOOST_TEST(!heading(row.group).empty());
      BOOST_TEST(row.metavar.empty() == (row.spelling == Spelling::flag));
      if (row.option.default_value) {
        BOOST_TEST(
            (check_value(row.option, *row.option.default_value, "x") == *row.option.default_value));
      } else {
        BOOST_TEST(row.option.nullable());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_value_is_read_as_the_type_of_its_key) {
  BOOST_TEST(value_as<std::int64_t>(Value(3)) == 3);
  BOOST_TEST(*value_as<std::optional<double>>(Value(0.5)) == 0.5);
  BOOST_TEST(!value_as<OptionalText>(Value()).has_value());
  BOOST_TEST(value_as<Texts>(Value()).empty());
  BOOST_TEST(value_as<Texts>(Value(Value::List{"a", "b"})).size() == 2);
}

BOOST_AUTO_TEST_CASE(one_text_of_a_repeated_option_is_a_list_of_one) {
  const auto plugin = std::ranges::find(command_options(), kPlugin.key,
                                        [](const CommandOption& row) { return row.option.key; });
  BOOST_TEST(check_value(*plugin, Value("one.so"), "a run").as_list().size() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
