// Plugins that do not come back: Ctrl-C and SIGTERM end the run all the same, the message says who
// is waited for, and what was finished is on disk.
#include "tests/cli/troubled_runs.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

using namespace lathe_test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

void wait_until(const std::function<bool()>& done) {
  const auto start = std::chrono::steady_clock::now();
  while (!done()) {
    if (std::chrono::steady_clock::now() - start > 60s) throw std::runtime_error("too late");
    std::this_thread::sleep_for(10ms);
  }
}

// A run whose plugin has written that it is in the function now.
class StuckRun {
 public:
  // `meanwhile` is done before the plugin is waited for.
  using Meanwhile = std::function<void(const fs::path& folder)>;
  explicit StuckRun(const TroubledPlace& place, const std::string& how = "spin",
                    const Meanwhile& meanwhile = {}) {
    start(troubled_run(place, how, folder_.path()), meanwhile);
  }
  explicit StuckRun(const Words& words) { start(words, {}); }
  // Words that want files in the folder.
  explicit StuckRun(const std::function<Words(const fs::path& folder)>& words) {
    start(words(folder_.path()), {});
  }

  void signal(int number) const { kill(process_, number); }
  void wait_for_text(const std::string& text) const {
    wait_until([&] { return contains(said(), text); });
  }
  int end() const { return wait_for(process_); }
  std::string said() const { return read_file(folder_.path() / "err"); }
  const fs::path& folder() const { return folder_.path(); }

 private:
  void start(const Words& words, const Meanwhile& meanwhile) {
    process_ = start_lathe(words, folder(), folder() / "out", folder() / "err");
    if (meanwhile) meanwhile(folder());
    wait_until([&] { return fs::exists(folder() / "spinning"); });
  }

  const TemporaryFolder folder_;
  int process_ = 0;
};

// Two signals, the second after the first was taken.
void check_killed(const StuckRun& run, int second, const std::string& who) {
  run.signal(SIGINT);
  run.wait_for_text("once more kills at once");
  run.signal(second);
  BOOST_TEST(run.end() == 128 + second);
  const std::string said = run.said();
  BOOST_TEST(contains(said, "error: killed while " + who), said);
  BOOST_TEST(contains(said, "did not come back; what was written before is kept\n"), said);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stuck_plugins)

BOOST_AUTO_TEST_CASE(a_second_signal_ends_the_run_whichever_function_does_not_come_back) {
  const TroubledPlace places[] = {
      {"transform", "pass 'ender'", "create"},  {"transform", "pass 'ender'", "run"},
      {"transform", "pass 'ender'", "destroy"}, {"train", "format 'ender'", "create"},
      {"train", "format 'ender'", "quantize"},  {"train", "format 'ender'", "backward"},
      {"train", "dataset 'ender'", "create"},   {"train", "dataset 'ender'", "open"},
      {"train", "dataset 'ender'", "read"},     {"train", "dataset 'ender'", "destroy"},
      {"search", "pass 'ender'", "run"},        {"search", "format 'ender'", "quantize"},
      {"search", "sampler 'ender'", "create"},  {"search", "sampler 'ender'", "suggest"},
      {"search", "sampler 'ender'", "destroy"},
  };
  int number = 0;
  for (const TroubledPlace& place : places)
    BOOST_TEST_CONTEXT(place.command << ", " << place.component << ", " << place.where) {
      const StuckRun run(place);
      check_killed(run, ++number % 2 == 0 ? SIGINT : SIGTERM, place.component);
      BOOST_TEST(contains(run.said(), function_of(place)), run.said());
    }
}

BOOST_AUTO_TEST_CASE(so_does_it_while_the_file_is_loaded) {
  const StuckRun run(Words{"transform", "jsc-tiny", "jsc-sim", "--passes", "spins_when_loaded",
                           "--plugin", fixture_file("spins_when_loaded")});
  check_killed(run, SIGTERM,
               "plugin '" + fixture_file("spins_when_loaded") + "' while it was loaded");
  const StuckRun search([](const fs::path& folder) {
    return troubled_run({"search", "pass 'spins_when_loaded'", "run"}, "spin", folder);
  });
  check_killed(search, SIGINT,
               "plugin '" + fixture_file("spins_when_loaded") + "' while it was loaded");
}

BOOST_AUTO_TEST_CASE(a_thread_that_holds_every_signal_back_is_no_way_out) {
  const StuckRun run(TroubledPlace{"transform", "pass 'ender'", "run"}, "deaf_spin");
  check_killed(run, SIGINT, "pass 'ender' of '" + fixture_file("ender") + "' in run()");
}

// A batch system sends SIGTERM once and waits.
BOOST_AUTO_TEST_CASE(one_signal_is_enough_after_a_few_seconds) {
  const StuckRun run(TroubledPlace{"transform", "pass 'ender'", "run"});
  run.signal(SIGTERM);
  run.wait_for_text("waiting for pass 'ender' of '" + fixture_file("ender") + "' in run()");
  BOOST_TEST(run.end() == 128 + SIGTERM);
  BOOST_TEST(contains(run.said(), "did not come back within 5 seconds of the interrupt"));
}

BOOST_AUTO_TEST_CASE(the_finished_trials_of_a_search_are_kept_and_it_goes_on) {
  const TroubledPlace place{"search", "pass 'ender'", "third"};
  const StuckRun run(place);
  // The other job goes on.
  const fs::path study = run.folder() / "p" / "software" / "search_ckpts" / "study.db-wal";
  wait_until([&] { return fs::exists(study) && contains(read_file(study), "COMPLETE"); });
  run.signal(SIGTERM);
  BOOST_TEST(run.end() == 128 + SIGTERM);
  BOOST_TEST(contains(run.said(), "in run() did not come back within 5 seconds"), run.said());
  const Words words = troubled_run(place, "spin", run.folder());
  fs::remove(run.folder() / "end_me");
  BOOST_TEST(contains(good(words, run.folder()).out, " of them from before"));
}

BOOST_AUTO_TEST_CASE(the_last_checkpoint_of_a_training_is_kept_and_it_goes_on) {
  const TroubledPlace place{"train", "format 'ender'", "quantize"};
  const fs::path last = fs::path("p") / "software" / "training_ckpts" / "last.safetensors";
  const StuckRun run(place, "spin_later", [&](const fs::path& folder) {
    wait_until([&] { return fs::exists(folder / last); });
    write_file(folder / "now", "");
  });
  check_killed(run, SIGINT, place.component);
  BOOST_TEST(fs::exists(run.folder() / last));
  fs::remove(run.folder() / "now");
  Words words = troubled_run(place, "spin_later", run.folder());
  words.insert(words.end(), {"--resume", "--max-steps", "1"});
  BOOST_TEST(contains(good(words, run.folder()).out, "weights and metrics.csv are in"));
}

BOOST_AUTO_TEST_CASE(a_crash_keeps_the_last_checkpoint_too) {
  const TroubledPlace place{"train", "format 'ender'", "quantize"};
  const fs::path last = fs::path("p") / "software" / "training_ckpts" / "last.safetensors";
  const TemporaryFolder folder;
  Words words = troubled_run(place, "segv_later", folder.path());
  const int process =
      start_lathe(words, folder.path(), folder.path() / "out", folder.path() / "err");
  wait_until([&] { return fs::exists(folder.path() / last); });
  write_file(folder.path() / "now", "");
  BOOST_TEST(wait_for(process) == 1);
  const std::string said = read_file(folder.path() / "err");
  BOOST_TEST(contains(said, "in quantize() ended the run by a segmentation fault"), said);
  fs::remove(folder.path() / "now");
  words.insert(words.end(), {"--resume", "--max-steps", "1"});
  BOOST_TEST(contains(good(words, folder.path()).out, "weights and metrics.csv are in"));
}

BOOST_AUTO_TEST_CASE(a_function_that_looks_at_cancelled_ends_the_run_in_order) {
  const TroubledPlace places[] = {
      {"transform", "pass 'ender'", "run"},     {"train", "dataset 'ender'", "create"},
      {"train", "dataset 'ender'", "open"},     {"train", "dataset 'ender'", "read"},
      {"train", "format 'ender'", "create"},    {"train", "format 'ender'", "quantize"},
      {"train", "format 'ender'", "backward"},  {"search", "format 'ender'", "quantize"},
      {"search", "pass 'ender'", "run"},        {"search", "sampler 'ender'", "create"},
      {"search", "sampler 'ender'", "suggest"},
  };
  for (const TroubledPlace& place : places)
    BOOST_TEST_CONTEXT(place.command << ", " << place.component << ", " << place.where) {
      const StuckRun run(place, "wait");
      run.signal(SIGINT);
      BOOST_TEST(run.end() == 1);
      BOOST_TEST(contains(run.said(), "\nerror: "), run.said());
      BOOST_TEST(!contains(run.said(), "did not come back"), run.said());
    }
}

BOOST_AUTO_TEST_SUITE_END()
