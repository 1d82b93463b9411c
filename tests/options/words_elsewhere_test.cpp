#include "core/options/words_elsewhere.hpp"

#include "core/mase/accepted_options.hpp"
#include "core/options/command_options.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

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

BOOST_AUTO_TEST_CASE(a_word_may_be_misspelt_all_the_same) {
  BOOST_TEST(option_suggestion("batch_sise", {"batch_size"}) == "; did you mean 'batch_size'?");
}

BOOST_AUTO_TEST_CASE(every_meaning_is_an_option_that_there_is) {
  std::vector<std::string> known;
  for (const lathe::CommandOption& option : lathe::command_options())
    known.push_back(option.option.key);
  for (const lathe::AcceptedOption& option : lathe::accepted_options())
    known.push_back(option.row.option.key);
  for (const char* word :
       {"lr",          "epochs",     "steps",       "bs",       "eval_batch_size",
        "wd",          "optimizer",  "scheduler",   "warmup",   "grad_accum",
        "patience",    "criterion",  "random_seed", "device",   "devices",
        "workers",     "precision",  "trials",      "n_jobs",   "time_limit",
        "db",          "study_name", "output_dir",  "run_name", "ckpt",
        "resume_from", "clobber",    "root",        "data",     "arch",
        "cfg",         "transforms", "plugins",     "verbose",  "subset"}) {
    const auto key = key_elsewhere(word);
    BOOST_REQUIRE(key.has_value());
    BOOST_TEST((std::ranges::find(known, *key) != known.end()), word);
  }
}

BOOST_AUTO_TEST_SUITE_END()
