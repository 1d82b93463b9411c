#include "core/options/training_options.hpp"

#include "tests/support/messages.hpp"
#include "tests/support/support.hpp"

using namespace lathe;

BOOST_AUTO_TEST_SUITE(training_options_table)

BOOST_AUTO_TEST_CASE(a_row_has_the_default_of_its_member) {
  Value defaults{Value::Map{}};
  for (const TrainingOption& option : training_option_rows()) {
    defaults.set(option.row.option.key, option.row.option.default_value.value_or(Value()));
  }
  const TrainingOptions options = training_options(defaults), standard;
  BOOST_TEST(options.learning_rate == 1e-3);
  BOOST_TEST(options.learning_rate == standard.learning_rate);
  BOOST_TEST(options.optimizer == standard.optimizer);
  BOOST_TEST(options.max_epochs == standard.max_epochs);
  BOOST_TEST(options.max_steps == standard.max_steps);
  BOOST_TEST(options.seed == standard.seed);
  BOOST_TEST(!options.loss.has_value());  // as the data set asks
}

BOOST_AUTO_TEST_CASE(values_land_in_their_members_and_others_are_passed_over) {
  const Value values{Value::Map{{"batch_size", 64},
                                {"training_optimizer", "sgd"},
                                {"weight_decay", 0.25},
                                {"seed", 7},
                                {"max_samples", 512},
                                {"model", "jsc-tiny"}}};
  const TrainingOptions options = training_options(values);
  BOOST_TEST(options.batch_size == 64);
  BOOST_TEST(options.optimizer == "sgd");
  BOOST_TEST(options.weight_decay == 0.25);
  BOOST_TEST(options.seed == 7U);
  BOOST_TEST(options.max_samples == 512);
  BOOST_TEST(options.max_epochs == 20);
}

BOOST_AUTO_TEST_CASE(what_is_given_for_a_training_is_checked_and_nothing_is_added) {
  const Value given{Value::Map{{"max_epochs", 2}, {"learning_rate", 1}, {"loss", "mse"}}};
  const Value checked = check_training_options(given, "the training");
  BOOST_TEST(checked.as_map().size() == 3U);
  BOOST_TEST(training_options(checked).learning_rate == 1.0);
  BOOST_TEST(training_options(checked).loss.value_or("") == "mse");
  const struct {
    Value::Map options;
    std::string says;
  } refused[] = {
      {{{"max_epoch", 2}}, "did you mean 'max_epochs'?"},
      {{{"max_epochs", 0}}, "1.."},
      {{{"max_steps", 0}}, "an integer in -1.. but 0, which would train nothing"},
      {{{"max_steps", -2}}, "-1.."},
      {{{"early_stopping", 0}}, "1.."},
      {{{"evaluation_batch_size", 0}}, "1.."},
      {{{"learning_rate", "fast"}}, "learning_rate"},
      {{{"loss", "l1"}}, "cross_entropy"},
  };
  for (const auto& row : refused) {
    const std::string text =
        lathe_test::message_of([&] { check_training_options(Value(row.options), "the training"); });
    BOOST_TEST(lathe_test::contains(text, row.says), text);
    BOOST_TEST(lathe_test::contains(text, "the training"), text);
  }
}

BOOST_AUTO_TEST_CASE(evaluations_take_the_batch_size_unless_they_have_their_own) {
  const auto rows_of = [](Value::Map values) {
    return training_options(Value(std::move(values))).rows_evaluated_at_once();
  };
  BOOST_TEST(rows_of({}) == 128);
  BOOST_TEST(rows_of({{"batch_size", 32}}) == 32);
  BOOST_TEST(rows_of({{"batch_size", 32}, {"evaluation_batch_size", 500}}) == 500);
  BOOST_TEST(rows_of({{"batch_size", 32}, {"evaluation_batch_size", Value()}}) == 32);
}

BOOST_AUTO_TEST_CASE(a_search_may_vary_what_makes_a_training_another_one) {
  const auto& keys = training_option_keys();
  BOOST_TEST(std::count(keys.begin(), keys.end(), "learning_rate") == 1);
  BOOST_TEST(std::count(keys.begin(), keys.end(), "early_stopping") == 1);
  BOOST_TEST(std::count(keys.begin(), keys.end(), "seed") == 0);
  BOOST_TEST(std::count(keys.begin(), keys.end(), "evaluation_batch_size") == 0);
  for (const std::string& key : keys) BOOST_TEST(training_option(key).key == key);
}

BOOST_AUTO_TEST_SUITE_END()
