#include "core/mase/accepted_options.hpp"

#include "core/mase/run_file.hpp"
#include "core/options/command_options.hpp"
#include "core/options/text/document.hpp"
#include "core/options/words_elsewhere.hpp"
#include "tests/options/expect.hpp"
#include "tests/support/support.hpp"

#include <set>

using namespace lathe;
using lathe_test::expect_usage_error;

namespace {

// What a run makes of a file.
std::vector<EffectiveOption> options_of(const std::string& toml) {
  std::vector<const CommandOption*> rows;
  for (const CommandOption& row : command_options()) rows.push_back(&row);
  for (const AcceptedOption& row : accepted_options()) rows.push_back(&row.row);
  const Value file = read_run_config(parse_toml(toml, "a.toml")).options;
  auto options = effective_options(rows, file, Value(Value::Map{}));
  honour(options);
  return options;
}

std::vector<std::string> warnings_of(const std::string& toml) {
  return option_warnings(options_of(toml));
}

bool knows_flag(const std::string& flag) {
  const auto has = [&](const CommandOption& row) {
    return std::ranges::count(row.flags, flag) > 0;
  };
  return std::ranges::any_of(command_options(), has) ||
         std::ranges::any_of(accepted_options(), has, &AcceptedOption::row);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(accepted_by_mase)

BOOST_AUTO_TEST_CASE(what_is_accepted_is_no_option_of_ours_and_says_why) {
  std::set<std::string> keys, flags;
  for (const CommandOption& row : command_options()) {
    keys.insert(row.option.key);
    flags.insert(row.flags.begin(), row.flags.end());
  }
  for (const AcceptedOption& accepted : accepted_options()) {
    BOOST_TEST_CONTEXT(accepted.row.option.key) {
      BOOST_TEST(keys.insert(accepted.row.option.key).second);
      for (const std::string& flag : accepted.row.flags) BOOST_TEST(flags.insert(flag).second);
      BOOST_TEST(!accepted.why.empty());
      BOOST_TEST((accepted.row.group == OptionGroup::without_effect));
    }
  }
}

BOOST_AUTO_TEST_CASE(mases_options_are_all_there_but_those_of_hardware_and_language_models) {
  for (const char* flag : {"--config",
                           "--task",
                           "--load",
                           "--load-type",
                           "--batch-size",
                           "--debug",
                           "--log-level",
                           "--report-to",
                           "--seed",
                           "--quant-config",
                           "--training-optimizer",
                           "--trainer-precision",
                           "--learning-rate",
                           "--weight-decay",
                           "--max-epochs",
                           "--max-steps",
                           "--accumulate-grad-batches",
                           "--log-every-n-steps",
                           "--cpu",
                           "--num-workers",
                           "--gpu",
                           "--num-devices",
                           "--nodes",
                           "--accelerator",
                           "--strategy",
                           "--auto-requeue",
                           "--github-ci",
                           "--disable-dataset-cache",
                           "--no-warnings",
                           "--pretrained",
                           "--project-dir",
                           "--project"}) {
    BOOST_TEST(knows_flag(flag), flag);
  }
}

BOOST_AUTO_TEST_CASE(tasks_are_told_in_one_word_and_others_are_refused) {
  BOOST_TEST(value_map(options_of("task = 'cls'")).find("task")->as_string() == "classification");
  expect_usage_error([] { options_of("\ntask = 'lm'"); }, "a.toml:2:1",
                     {"Lathe does classification (cls) only"});
  expect_usage_error([] { options_of("task = 'clas'"); }, "a.toml:1:1", {"did you mean 'cls'?"});
}

BOOST_AUTO_TEST_CASE(what_cannot_be_honoured_is_refused) {
  expect_usage_error([] { options_of("trainer_precision = 64"); }, "a.toml:1:1", {"32 bits wide"});
  expect_usage_error([] { options_of("pretrained = true"); }, "a.toml:1:1",
                     {"--load takes a file"});
  expect_usage_error([] { options_of("quant_config = 'q.toml'"); }, "a.toml:1:1",
                     {"[passes.quantize]"});
}

BOOST_AUTO_TEST_CASE(what_changes_nothing_is_a_warning) {
  BOOST_TEST(warnings_of("batch_size = 2\nnum_devices = 1\nnodes = 1\nstrategy = 'auto'").empty());
  const auto warnings = warnings_of("report_to = 'wandb'\ngpu = 2\ntrainer_precision = '16-mixed'");
  BOOST_REQUIRE(warnings.size() == 3);
  BOOST_TEST(warnings[0] ==
             "a.toml:3:1: trainer_precision = \"16-mixed\" changes nothing: arithmetic is 32 bits "
             "wide");
  BOOST_TEST(warnings[2].starts_with("a.toml:2:1: num_devices = 2 changes nothing"));
}

BOOST_AUTO_TEST_CASE(every_word_of_other_tools_means_an_option_that_there_is) {
  std::vector<std::string> known;
  for (const CommandOption& option : command_options()) known.push_back(option.option.key);
  for (const AcceptedOption& option : accepted_options()) known.push_back(option.row.option.key);
  for (const char* word :
       {"lr",          "epochs",     "steps",       "bs",       "eval_batch_size",
        "wd",          "optimizer",  "scheduler",   "warmup",   "grad_accum",
        "patience",    "criterion",  "random_seed", "device",   "devices",
        "workers",     "precision",  "trials",      "n_jobs",   "time_limit",
        "db",          "study_name", "output_dir",  "run_name", "ckpt",
        "resume_from", "clobber",    "root",        "data",     "arch",
        "cfg",         "transforms", "plugins",     "verbose",  "subset"}) {
    const auto key = lathe::key_elsewhere(word);
    BOOST_REQUIRE(key.has_value());
    BOOST_TEST((std::ranges::find(known, *key) != known.end()), word);
  }
}

BOOST_AUTO_TEST_SUITE_END()
