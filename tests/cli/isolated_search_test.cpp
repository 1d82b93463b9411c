// `lathe search --isolate`: what a trial's process comes to costs that trial alone.
#include "tests/cli/bad_input.hpp"
#include "tests/support/messages.hpp"

#include <fmt/format.h>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

using namespace lathe_test;
using nlohmann::ordered_json;
namespace fs = std::filesystem;

namespace {

// Thirty points; every tenth has weights of eleven bits, and inputs of 4, 5 or 6.
std::string config(const std::string& how, const std::string& sampler = "brute",
                   const std::string& where = "run") {
  return fmt::format(
      "model = 'jsc-tiny'\ndataset = 'jsc-sim'\nbatch_size = 64\n"
      "[search.search_space]\nname = 'graph/quantize/mixed_precision_ptq'\n"
      "setup.by = 'type'\nseed.default.config.name = ['NA']\n"
      "[search.search_space.seed.linear.config]\nname = ['integer']\n"
      "data_in_width = [4, 5, 6]\nweight_width = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]\n"
      "[search.strategy]\nname = 'optuna'\nsw_runner.basic_evaluation.num_samples = 64\n"
      "hw_runner.average_bitwidth.compare_to = 32\n"
      "hw_runner.'example.mortal' = {{ how = '{}', where = '{}' }}\n"
      "setup = {{ n_trials = 30, sampler = '{}' }}\n"
      "metrics.accuracy = {{ scale = 1.0, direction = 'maximize' }}\n"
      "metrics.average_bitwidth = {{ scale = 0.2, direction = 'minimize' }}\n",
      how, where, sampler);
}

std::string mortal() { return (build_dir() / "tests" / "fixtures" / "mortal.so").string(); }

Words search_words(const Words& more) {
  Words words{"search",    "--config", "a.toml",   "--project-dir", ".",
              "--project", "s",        "--plugin", mortal()};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

class Searched {
 public:
  Searched(const std::string& file, const Words& more, bool must_be_good = true) {
    write_file(folder_.path() / "a.toml", file);
    outcome = run_lathe(search_words(more), folder_.path());
    if (must_be_good) BOOST_REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  }
  ordered_json log() const { return ordered_json::parse(read_file(results() / "log.json")); }
  ordered_json report() const { return ordered_json::parse(read_file(results() / "report.json")); }
  const fs::path& folder() const { return folder_.path(); }

  Outcome outcome;

 private:
  fs::path results() const { return folder_.path() / "s" / "software" / "search_ckpts"; }
  const TemporaryFolder folder_;
};

// Without times, and without the reason of those that failed.
ordered_json compared(ordered_json log) {
  for (auto& [number, trial] : log.items())
    for (const char* column :
         {"datetime_start", "datetime_complete", "duration", "user_attrs_error"})
      trial.erase(column);
  return log;
}

std::string error_of(const ordered_json& log, const std::string& trial) {
  return log.at(trial).value("user_attrs_error", "");
}

bool runs(pid_t process) {
  std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
  std::string number, name, state;
  return stat >> number >> name >> state && state != "Z";
}

std::vector<pid_t> daemons(const fs::path& folder) {
  std::ifstream in(folder / "daemons");
  std::vector<pid_t> numbers;
  for (pid_t number = 0; in >> number;) numbers.push_back(number);
  return numbers;
}

// Processes end a little after they were killed.
bool nothing_runs(const std::vector<pid_t>& processes) {
  for (int tries = 0; tries < 200; ++tries) {
    if (std::ranges::none_of(processes, runs)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(isolated_search)

BOOST_AUTO_TEST_CASE(every_tenth_trial_crashes_is_killed_or_hangs_and_the_others_are_the_same) {
  const Searched quiet(config("quietly"), {"--jobs", "2"});
  const Searched hard(config("turns"), {"--jobs", "2", "--isolate", "--trial-timeout", "3"});
  const ordered_json log = hard.log();
  BOOST_TEST(compared(log) == compared(quiet.log()));
  BOOST_TEST(log.size() == 30);
  for (const char* trial : {"9", "19", "29"}) BOOST_TEST(log.at(trial).at("state") == "FAIL");
  const auto pass = "(pass 'example.mortal' of '" + mortal() + "' in run())";
  BOOST_TEST(error_of(log, "9") ==
             "the helper process was killed by SIGKILL while it ran this trial");
  BOOST_TEST(error_of(log, "19") == "the trial took longer than 3 seconds");
  BOOST_TEST(error_of(log, "29") ==
             "the helper process was killed by SIGSEGV while it ran this trial " + pass);
  BOOST_TEST(hard.report().at("failed_trials") == 3);
}

BOOST_AUTO_TEST_CASE(a_sampler_that_reads_values_suggests_the_same_after_crashes) {
  const Searched quiet(config("quietly", "tpe"), {"--jobs", "2"});
  for (const char* jobs : {"1", "8"}) {
    const Searched hard(config("crash", "tpe"), {"--jobs", jobs, "--isolate"});
    BOOST_TEST(compared(hard.log()) == compared(quiet.log()));
  }
}

BOOST_AUTO_TEST_CASE(a_report_says_the_same_as_of_threads) {
  const Searched threads(config("not"), {"--jobs", "2"});
  const Searched helpers(config("not"), {"--jobs", "2", "--isolate"});
  BOOST_TEST(compared(helpers.log()) == compared(threads.log()));
  ordered_json of_threads = threads.report(), of_helpers = helpers.report();
  for (const char* key : {"best", "troubles", "warnings", "failures", "trials"})
    BOOST_TEST(of_helpers.at(key) == of_threads.at(key), key);
  const ordered_json &here = of_helpers.at("provenance"), &there = of_threads.at("provenance");
  for (const char* key : {"plugins", "backends", "threads", "cpu_capability", "untrained_layers"})
    BOOST_TEST(here.at(key) == there.at(key), key);
  const ordered_json &cache = here.at("cache"), &shared = there.at("cache");
  BOOST_TEST(cache.at("limit") == shared.at("limit"));
  BOOST_TEST(cache.at("lookups") == shared.at("lookups"));
  BOOST_TEST(cache.at("hits") <= shared.at("hits"));
}

BOOST_AUTO_TEST_CASE(trials_that_train_and_are_given_up_are_the_same_in_helpers) {
  std::string file = config("not");
  file.replace(
      file.find("[search.strategy]"), 17,
      "[search.search_space.training]\nlearning_rate = [0.1, 0.01, 0.001]\n"
      "[search.strategy]\neval_mode = false\nsw_runner.basic_train = { max_epochs = 3 }\n");
  file.replace(file.find("sampler = 'brute'"), 17, "sampler = 'random'");
  file.replace(file.find("n_trials = 30"), 13, "n_trials = 12");
  const Words pruned{"--pruner", "median<n_startup_trials=2>"};
  const auto with = [&](Words words) {
    words.insert(words.end(), pruned.begin(), pruned.end());
    return words;
  };
  const Searched threads(file, with({"--jobs", "1"}));
  const Searched helpers(file, with({"--jobs", "2", "--isolate"}));
  BOOST_TEST(compared(helpers.log()) == compared(threads.log()));
}

BOOST_AUTO_TEST_CASE(how_a_plugin_ends_its_trial_is_said) {
  struct Case {
    const char* how;
    std::vector<const char*> says;
  };
  const Case cases[] = {
      {"exit", {"ended with exit status 0 while it ran", "'example.mortal'", "called exit()"}},
      {"_exit", {"ended with exit status 3 while it ran", "in run() called _exit()"}},
      {"abort", {"was killed by SIGABRT while it ran", "; its last line: a last word"}},
      {"close", {"lost its connection to lathe"}},
  };
  for (const Case& c : cases) {
    BOOST_TEST_CONTEXT(c.how) {
      const Searched searched(config(c.how), {"--jobs", "2", "--isolate"});
      const std::string error = error_of(searched.log(), "9");
      for (const char* word : c.says) BOOST_TEST(contains(error, word), error);
      BOOST_TEST(searched.report().at("failed_trials") == 3);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_a_plugin_prints_spoils_no_result) {
  const Searched searched(config("garbage"), {"--jobs", "2", "--isolate", "--json"});
  BOOST_TEST(searched.outcome.json().at("trials") == 30);
  BOOST_TEST(searched.outcome.json().at("failed_trials") == 0);
  BOOST_TEST(contains(searched.outcome.err, "garbage"));
}

BOOST_AUTO_TEST_CASE(nothing_that_plugins_leave_behind_outlives_the_search) {
  for (const char* how : {"daemon", "daemon_crash"}) {
    const Searched searched(config(how), {"--jobs", "2", "--isolate"});
    const std::vector<pid_t> left = daemons(searched.folder());
    BOOST_TEST(left.size() == 3);
    BOOST_TEST(nothing_runs(left), how);
  }
}

BOOST_AUTO_TEST_CASE(a_search_that_is_killed_or_interrupted_leaves_no_process) {
  for (const int signal : {SIGKILL, SIGINT}) {
    const TemporaryFolder folder;
    write_file(folder.path() / "a.toml", config("daemon_hang"));
    const int process = start_lathe(search_words({"--jobs", "2", "--isolate"}), folder.path(),
                                    folder.path() / "out", folder.path() / "err");
    for (int tries = 0; tries < 1000 && daemons(folder.path()).size() < 2; ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const std::vector<pid_t> left = daemons(folder.path());
    BOOST_TEST(left.size() == 2);
    const auto before = std::chrono::steady_clock::now();
    kill(process, signal);
    BOOST_TEST(wait_for(process) == (signal == SIGKILL ? 128 + SIGKILL : 1));
    BOOST_TEST((std::chrono::steady_clock::now() - before < std::chrono::seconds(4)));
    BOOST_TEST(nothing_runs(left));
    if (signal == SIGKILL) continue;
    // Nothing is known of those points: they wait.
    const std::string err = read_file(folder.path() / "err");
    BOOST_TEST(contains(err, "the same command with --resume goes on"), err);
    BOOST_TEST(!contains(err, "helper process"), err);
  }
}

BOOST_AUTO_TEST_CASE(what_crashes_twice_is_set_aside) {
  const Searched searched(config("crash"), {"--isolate"});
  const auto again = [&] {
    return good(search_words({"--isolate", "--resume", "--retry-failed", "--json"}),
                searched.folder());
  };
  BOOST_TEST(again().json().at("trials") == 33);
  const Outcome third = again();
  BOOST_TEST(third.json().at("trials") == 33);
  BOOST_TEST(contains(third.err, "trial 30 is set aside, because its helper process ended twice"),
             third.err);
}

BOOST_AUTO_TEST_CASE(helpers_that_cannot_be_are_refused) {
  const auto row = [](std::string what, const std::string& file, const Words& more,
                      std::vector<std::string> says, int code = 1) {
    return BadInput{std::move(what), {{"a.toml", file}}, search_words(more), code, std::move(says)};
  };
  check_bad_inputs({
      row("no jobs", config("not"), {"--isolate", "--jobs", "0"}, {"at least one job", "-1"}, 2),
      row("a pass that crashes as it is made", config("crash", "brute", "create"), {"--isolate"},
          {"a helper process was killed by SIGSEGV before its first trial", "'example.mortal'"}),
      row("a pass that ends the process as it is made", config("exit", "brute", "create"),
          {"--isolate"}, {"a helper process ended with exit status 0", "called exit()"}),
  });
}

BOOST_AUTO_TEST_SUITE_END()
