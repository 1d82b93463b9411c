#include "core/options/words_elsewhere.hpp"

#include <boost/test/unit_test.hpp>

using lathe::key_elsewhere;
using lathe::option_suggestion;

BOOST_AUTO_TEST_SUITE(words_elsewhere)

BOOST_AUTO_TEST_CASE(words_of_other_tools_mean_an_option_however_they_are_spelt) {
  for (const char* word : {"lr", "--lr", "LR", "base-lr", "--init_lr"}) {
    BOOST_TEST(key_elsewhere(word).value() == "learning_rate", word);
  }
  BOOST_TEST(key_elsewhere("--epochs").value() == "max_epochs");
  BOOST_TEST(key_elsewhere("--device").value() == "accelerator");
  BOOST_TEST(key_elsewhere("--ckpt-path").value() == "load_name");
  BOOST_TEST(key_elsewhere("--output-dir").value() == "project_dir");
  BOOST_TEST(!key_elsewhere("weather"));
  BOOST_TEST(!key_elsewhere("--"));
}

BOOST_AUTO_TEST_CASE(a_hint_is_spelt_as_what_is_known) {
  BOOST_TEST(option_suggestion("lr", {"seed", "learning_rate"}) ==
             "; did you mean 'learning_rate'?");
  BOOST_TEST(option_suggestion("--wd", {"--seed", "--weight-decay"}) ==
             "; did you mean '--weight-decay'?");
}

BOOST_AUTO_TEST_CASE(a_meaning_that_nobody_takes_here_is_no_hint) {
  BOOST_TEST(option_suggestion("lr", {"seed", "loss"}) == "; known: seed, loss");
}

BOOST_AUTO_TEST_CASE(what_goes_without_saying_has_a_note) {
  BOOST_TEST(option_suggestion("momentum", {"seed", "loss"}) ==
             "; sgd has Nesterov momentum of 0.9");
  BOOST_TEST(lathe::note_elsewhere("--shuffle").starts_with("; the training rows are shuffled"));
  BOOST_TEST(lathe::note_elsewhere("weather").empty());
}

BOOST_AUTO_TEST_CASE(a_word_may_be_misspelt_all_the_same) {
  BOOST_TEST(option_suggestion("batch_sise", {"batch_size"}) == "; did you mean 'batch_size'?");
}

BOOST_AUTO_TEST_SUITE_END()
