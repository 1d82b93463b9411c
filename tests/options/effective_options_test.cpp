#include "core/options/effective_options.hpp"

#include "core/options/command_options.hpp"
#include "core/options/text/document.hpp"
#include "tests/support/support.hpp"

using namespace lathe;

namespace {

std::vector<EffectiveOption> options_of(const std::string& toml, const Value& command_line) {
  std::vector<const CommandOption*> rows;
  for (const CommandOption& row : command_options()) {
    const bool is_of_runs = row.group == OptionGroup::model || row.group == OptionGroup::training ||
                            row.group == OptionGroup::seed;
    if (is_of_runs) rows.push_back(&row);
  }
  return effective_options(rows, parse_toml(toml, "a.toml"), command_line);
}

const EffectiveOption& option_of(const std::vector<EffectiveOption>& options,
                                 std::string_view key) {
  return *std::ranges::find(options, key,
                            [](const EffectiveOption& row) { return row.option->option.key; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(effective_option)

BOOST_AUTO_TEST_CASE(default_then_file_then_command_line) {
  const Value given{Value::Map{{"batch_size", 64}}};
  const Value values = value_map(options_of("batch_size = 512\nmax_epochs = 5", given));
  BOOST_TEST(values.find("batch_size")->as_int() == 64);
  BOOST_TEST(values.find("max_epochs")->as_int() == 5);
  BOOST_TEST(values.find("seed")->as_int() == 0);
  BOOST_TEST(values.find("load_name")->is_none());
}

BOOST_AUTO_TEST_CASE(given_means_given_even_if_equal_to_the_default) {
  const Value given{Value::Map{{"batch_size", 128}}};
  const auto options = options_of("batch_size = 512", given);
  const EffectiveOption& row = option_of(options, "batch_size");
  BOOST_TEST(row.effective.as_int() == 128);
  BOOST_TEST(row.from_file->as_int() == 512);
  BOOST_TEST(row.from_command_line->as_int() == 128);
  BOOST_TEST(row.given());
  BOOST_TEST(!option_of(options, "seed").given());
}

BOOST_AUTO_TEST_CASE(a_file_may_hold_keys_of_other_commands) {
  const Value values = value_map(options_of("max_epochs = 5\nn_trials = 7", Value(Value::Map{})));
  BOOST_TEST((values.find("n_trials") == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()
