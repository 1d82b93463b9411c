// Every function of a plugin, and everything that it must not do there: the message names file,
// component and function, the exit code is 1, what was done before is on disk.
#include "tests/cli/troubled_runs.hpp"
#include "tests/support/sanitizers.hpp"

#include <fmt/format.h>
#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace lathe_test;

namespace {

constexpr TroubledPlace kPlaces[] = {
    {"transform", "pass 'ender'", "create"},     {"transform", "pass 'ender'", "run"},
    {"train", "format 'ender'", "create"},       {"train", "format 'ender'", "precision"},
    {"train", "format 'ender'", "storage_bits"}, {"train", "format 'ender'", "quantize"},
    {"train", "format 'ender'", "backward"},     {"train", "format 'ender'", "state"},
    {"transform", "format 'ender'", "codes"},    {"transform", "format 'ender'", "fit_axis"},
    {"transform", "format 'ender'", "fit"},      {"train", "dataset 'ender'", "create"},
    {"train", "dataset 'ender'", "info"},        {"train", "dataset 'ender'", "open"},
    {"train", "dataset 'ender'", "count"},       {"train", "dataset 'ender'", "files"},
    {"train", "dataset 'ender'", "read"},        {"search", "pass 'ender'", "run"},
    {"search", "format 'ender'", "quantize"},    {"search", "sampler 'ender'", "create"},
    {"search", "sampler 'ender'", "suggest"},
};
// Nothing can be refused there any more.
constexpr TroubledPlace kDestroyers[] = {
    {"transform", "pass 'ender'", "destroy"},
    {"train", "dataset 'ender'", "destroy"},
    {"search", "pass 'ender'", "destroy"},
    {"search", "sampler 'ender'", "destroy"},
};

std::string context_of(const TroubledPlace& place, const std::string& how) {
  return fmt::format("{} in {}() of {}, {}", how, place.where, place.component, place.command);
}

std::string file_of(const TroubledPlace& place) {
  const std::string component = place.component;
  if (component == "pass 'ender'") return "ender.so";
  return component == "pass 'careless'" ? "careless.so" : "trouble_kinds.so";
}

Outcome outcome_of(const TroubledPlace& place, const std::string& how) {
  const TemporaryFolder folder;
  return run_lathe(troubled_run(place, how, folder.path()), folder.path());
}

void check_ends(const TroubledPlace& place, const std::string& how, const std::string& says) {
  BOOST_TEST_CONTEXT(context_of(place, how)) {
    const Outcome outcome = outcome_of(place, how);
    BOOST_TEST(outcome.exit_code == 1);
    const std::string last = outcome.last_line();
    for (const std::string& word :
         {std::string(place.component), file_of(place), function_of(place), says})
      BOOST_TEST(contains(last, word), last);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(troubled_plugins)

BOOST_AUTO_TEST_CASE(plugins_that_are_not_in_trouble_do_their_work) {
  for (const TroubledPlace& place : kPlaces) BOOST_TEST_CONTEXT(context_of(place, "not")) {
      const Outcome outcome = outcome_of(place, "not");
      BOOST_TEST(outcome.exit_code == 0, outcome.err);
    }
}

BOOST_AUTO_TEST_CASE(who_ends_the_process_is_named_with_the_function_wherever_it_does) {
  const std::pair<const char*, const char*> hows[] = {
      {"segv", "SIGSEGV"}, {"abort", "SIGABRT"}, {"exit", "exit()"}};
  // What leaves a destructor, which is noexcept, ends the same way.
  for (const TroubledPlace& place : kDestroyers) check_ends(place, "terminate", "SIGABRT");
  for (const TroubledPlace& place : kPlaces)
    for (const auto& [how, says] : hows) check_ends(place, how, says);
  for (const TroubledPlace& place : kDestroyers)
    for (const auto& [how, says] : hows) check_ends(place, how, says);
}

// Signal handlers of other threads than the first need room too.
BOOST_AUTO_TEST_CASE(a_stack_that_ran_over_is_named_on_any_thread) {
  check_ends({"transform", "pass 'ender'", "run"}, "stack", "SIGSEGV");
  check_ends({"search", "pass 'ender'", "run"}, "stack", "SIGSEGV");
}

BOOST_AUTO_TEST_CASE(no_way_to_end_the_process_ends_it_with_0_or_without_a_word) {
  for (const TroubledPlace& place : {TroubledPlace{"transform", "pass 'ender'", "run"},
                                     TroubledPlace{"search", "pass 'ender'", "run"}}) {
    check_ends(place, "quick_exit", "exit()");
    check_ends(place, "_exit", "_exit()");
    check_ends(place, "_Exit", "_Exit()");
    check_ends(place, "trap", "SIGTRAP");
  }
}

BOOST_AUTO_TEST_CASE(a_process_that_a_plugin_forks_may_end_as_it_likes) {
  for (const char* how : {"exit_of_child", "_exit_of_child"}) {
    const Outcome outcome = outcome_of({"transform", "pass 'ender'", "run"}, how);
    BOOST_TEST(outcome.exit_code == 0, outcome.err);
    BOOST_TEST(!contains(outcome.err, "error"), outcome.err);
  }
}

// The thread says nothing of whose it is; the function that runs does.
BOOST_AUTO_TEST_CASE(what_a_thread_of_the_plugins_own_does_is_told_with_the_function_that_runs) {
  for (const char* how : {"exit_of_thread", "segv_of_thread"}) {
    const Outcome outcome = outcome_of({"transform", "pass 'ender'", "run"}, how);
    BOOST_TEST(outcome.exit_code != 0);
    BOOST_TEST(contains(outcome.last_line(), "running was pass 'ender' of '"), outcome.err);
    BOOST_TEST(contains(outcome.last_line(), "ender.so' in run()"), outcome.err);
  }
}

BOOST_AUTO_TEST_CASE(what_a_plugin_throws_is_an_error_that_names_it) {
  skip_under_address_sanitizer("the plugin leaks what it threw over");
  for (const TroubledPlace& place : kPlaces)
    for (const char* how : {"throw", "odd_throw"}) BOOST_TEST_CONTEXT(context_of(place, how)) {
        const Outcome outcome = outcome_of(place, how);
        BOOST_TEST(outcome.exit_code == 1, outcome.err);
        for (const std::string& word :
             {std::string("let nothing unwind"), file_of(place), function_of(place)})
          BOOST_TEST(contains(outcome.last_line(), word), outcome.last_line());
      }
}

BOOST_AUTO_TEST_CASE(what_destroy_throws_is_a_warning_and_the_run_is_done) {
  for (const TroubledPlace& place : kDestroyers)
    for (const char* how : {"throw", "odd_throw"}) BOOST_TEST_CONTEXT(context_of(place, how)) {
        const Outcome outcome = outcome_of(place, how);
        BOOST_TEST(outcome.exit_code == 0, outcome.err);
        BOOST_TEST(contains(outcome.err, "threw an exception out of destroy()"), outcome.err);
        BOOST_TEST(contains(outcome.err, file_of(place)), outcome.err);
      }
}

BOOST_AUTO_TEST_CASE(numbers_that_cannot_be_are_refused_by_the_name_of_who_gave_them) {
  skip_under_address_sanitizer("the plugin lies about its own memory");
  struct Case {
    TroubledPlace place;
    const char* how;
    const char* says;
  };
  const Case cases[] = {
      {{"train", "dataset 'ender'", "open"}, "rank", "'samples' 100000 dimensions"},
      {{"train", "dataset 'ender'", "open"}, "shape", "a rank without a shape"},
      {{"train", "dataset 'ender'", "open"}, "huge", "which no memory holds"},
      {{"train", "dataset 'ender'", "open"}, "classes", "'labels' 1152921504606846976 classes"},
      {{"train", "dataset 'ender'", "open"}, "names", "the name of class 0 of 'labels' is no text"},
      {{"train", "dataset 'ender'", "open"}, "rows", "count() gives 18446744073709551614 rows"},
      {{"train", "dataset 'ender'", "open"}, "many", "there is no memory for 2199023255552 rows"},
      {{"train", "dataset 'ender'", "open"}, "stream", "is a stream, and there is no next()"},
      {{"train", "dataset 'ender'", "open"}, "fields", "info() gives 18446744073709551615 fields"},
      {{"train", "dataset 'ender'", "open"}, "no_fields", "info() gives no fields"},
      {{"train", "dataset 'ender'", "open"}, "files", "files() gives 3 paths at NULL"},
      {{"train", "dataset 'ender'", "open"}, "many_files", "files() gives 18446744073709551615"},
      {{"train", "format 'ender'", "quantize"}, "count", "precision() gave 18446744073709551615"},
      {{"train", "format 'ender'", "quantize"}, "kind", "precision() gave no list of values"},
      {{"train", "format 'ender'", "quantize"}, "negative", "storage_bits() gave -1 bits"},
      {{"transform", "format 'ender'", "codes"}, "no_width", "codes() gave codes of 0 bits"},
      {{"transform", "format 'ender'", "codes"}, "wide", "codes() gave codes of 65 bits"},
      {{"transform", "format 'ender'", "codes"}, "scales", "codes() gave 7 scales for 1 blocks"},
      {{"transform", "format 'ender'", "codes"}, "null_scale", "gave 1 scales at NULL"},
      {{"transform", "format 'ender'", "codes"}, "nan_scale", "gave a scale that is not finite"},
      {{"transform", "format 'ender'", "codes"}, "blocks", "gave blocks with an extent of -1"},
      {{"transform", "format 'ender'", "codes"}, "code", "gave the code 8, which 4 bits"},
      {{"transform", "format 'ender'", "codes"}, "level", "gave the code 2, and 2 levels"},
      {{"transform", "format 'ender'", "codes"}, "no_levels", "gave 0 levels"},
      {{"transform", "format 'ender'", "codes"}, "many_levels", "gave 1048576 levels"},
      {{"transform", "format 'ender'", "fit_axis"}, "far", "fit_axis() gave 9 for a tensor of"},
      {{"transform", "format 'ender'", "fit_axis"}, "below", "fit_axis() gave -2 for a tensor of"},
      {{"transform", "format 'ender'", "fit"}, "no_map", "does not take: gave no map"},
      {{"transform", "format 'ender'", "fit"}, "odd_kind", "fit() gave options that it does not"},
      {{"transform", "format 'ender'", "fit"}, "null_map", "fit() gave options that it does not"},
      {{"transform", "format 'ender'", "fit"}, "unknown", "unknown option 'nonsense'"},
      {{"transform", "format 'ender'", "fit"}, "wrong", "'how'"},
      {{"train", "format 'ender'", "quantize"}, "many_states", "asks for 18446744073709551615"},
      {{"train", "format 'ender'", "quantize"}, "twice", "state() asks for 'a' twice"},
      {{"train", "format 'ender'", "quantize"}, "name", "asks for a tensor called 'a.b'"},
      {{"train", "format 'ender'", "quantize"},
       "endless",
       "a name of 18446744073709551615 letters"},
      {{"train", "format 'ender'", "quantize"}, "extent", "asks for a 'a' with an extent of -3"},
      {{"train", "format 'ender'", "quantize"}, "rank", "asks for a 'a' of rank 100000"},
      {{"train", "format 'ender'", "quantize"},
       "both",
       "per channel, and gives it a shape as well"},
      {{"train", "format 'ender'", "quantize"}, "no_number", "asks for a 'a' of nan"},
      {{"train", "format 'ender'", "quantize"}, "null", "and gives no rows for them"},
      {{"train", "format 'ender'", "quantize"}, "narrow", "and gives no rows for them"},
  };
  for (const Case& c : cases) BOOST_TEST_CONTEXT(c.how) {
      const Outcome outcome = outcome_of(c.place, c.how);
      BOOST_TEST(outcome.exit_code == 1, outcome.err);
      BOOST_TEST(contains(outcome.last_line(), c.says), outcome.last_line());
      BOOST_TEST(contains(outcome.last_line(), "'ender"), outcome.last_line());
    }
}

BOOST_AUTO_TEST_CASE(what_a_parallel_body_throws_is_an_error_that_names_it) {
  for (const char* command : {"transform", "search"}) {
    const TroubledPlace place{command, "pass 'ender'", "run"};
    BOOST_TEST_CONTEXT(command) {
      const Outcome outcome = outcome_of(place, "body");
      BOOST_TEST(outcome.exit_code == 1);
      for (const char* word :
           {"pass 'ender' of '", "ender.so' in a parallel body", "it threw: in a body"})
        BOOST_TEST(contains(outcome.last_line(), word), outcome.last_line());
    }
  }
}

BOOST_AUTO_TEST_CASE(what_a_plugin_must_not_give_is_its_mistake_and_names_it) {
  const std::pair<const char*, const char*> cases[] = {
      {"null_view", "it gave the host NULL for 'view'"},
      {"null_columns", "it gave the host NULL for 'columns'"},
      {"null_body", "it gave the host NULL for 'body'"},
      {"long_row", "table 't' has 1 columns, but a row of 2 cells came"},
      {"no_node", "the graph has no node with id 4711"},
      {"given_back", "that is no graph of this call, or it was given back already"},
  };
  for (const char* command : {"transform", "search"})
    for (const auto& [how, says] : cases)
      check_ends({command, "pass 'careless'", "run"}, how, says);
}

BOOST_AUTO_TEST_CASE(an_option_that_a_plugin_forgot_to_declare_is_not_the_users_mistake) {
  const TemporaryFolder folder;
  const Outcome outcome = run_lathe({"transform", "jsc-tiny", "jsc-sim", "--passes",
                                     "forgetful<width=3>", "--plugin", fixture_file("forgetful")},
                                    folder.path());
  BOOST_TEST(outcome.exit_code == 1);
  for (const char* word : {"pass 'forgetful'", "forgetful.so' in create()", "'widht'",
                           "does not declare", "it declares width, fast"})
    BOOST_TEST(contains(outcome.last_line(), word), outcome.last_line());
}

BOOST_AUTO_TEST_CASE(nor_is_it_in_a_search) {
  const TemporaryFolder folder;
  const TroubledPlace place{"search", "pass 'forgetful'", "create"};
  const Words words = troubled_run(place, "not", folder.path());
  std::string text = read_file(folder.path() / "a.toml");
  const std::string given = "hw_runner.forgetful = { how = 'not', where = 'create' }";
  text.replace(text.find(given), given.size(), "hw_runner.forgetful = { width = 3 }");
  write_file(folder.path() / "a.toml", text);
  const Outcome outcome = run_lathe(words, folder.path());
  BOOST_TEST(outcome.exit_code == 1);
  for (const char* word : {"forgetful.so' in create()", "'widht'", "does not declare"})
    BOOST_TEST(contains(outcome.last_line(), word), outcome.last_line());
}

BOOST_AUTO_TEST_CASE(what_a_function_changes_of_the_host_is_put_back_and_told_once) {
  skip_under_address_sanitizer("the plugin leaks a locale");
  const TemporaryFolder folder;
  for (const char* where : {"create", "run"})
    for (const char* how : {"rounding", "flush", "folder", "locale", "thread_locale", "umask",
                            "mask", "streams", "signals"})
      BOOST_TEST_CONTEXT(how << " in " << where) {
        const std::string ender = fmt::format("ender<how={},where={}>", how, where);
        const Outcome outcome =
            good({"transform", "jsc-tiny", "jsc-sim", "--passes",
                  fmt::format("looker,{},looker,{},looker", ender, ender), "--plugin",
                  fixture_file("ender"), "--project-dir", ".", "--project", "p"},
                 folder.path());
        const std::string warning = fmt::format("warning: pass 'ender' of '{}' in {}() changed ",
                                                fixture_file("ender"), where);
        const std::size_t at = outcome.err.find(warning);
        BOOST_TEST(at != std::string::npos, outcome.err);
        BOOST_TEST(outcome.err.find(warning, at + 1) == std::string::npos, outcome.err);
      }
}

// Two threads at once: what one of them changed is not what the other computes with. What belongs
// to the process is looked at now and then; who ran meanwhile is named.
BOOST_AUTO_TEST_CASE(a_search_is_the_same_with_a_pass_that_changes_the_hosts_state) {
  const TroubledPlace place{"search", "pass 'ender'", "run"};
  const auto found = [&](const std::string& how, const std::string& what) {
    const TemporaryFolder folder;
    Words words = troubled_run(place, how, folder.path());
    words.emplace_back("--json");
    const Outcome outcome = good(words, folder.path());
    std::istringstream lines(outcome.err);
    int warnings = 0;
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("warning: ") || !contains(line, "put back")) continue;
      ++warnings;
      BOOST_TEST(contains(line, what), line);
      BOOST_TEST(contains(line, "pass 'ender' of '"), line);
      BOOST_TEST(contains(line, "ender.so' in run()"), line);
    }
    BOOST_TEST((how == "not" ? warnings == 0 : warnings >= 1), outcome.err);
    BOOST_TEST(warnings <= 2, outcome.err);  // once where it is certain, once where it is not
    for (const char* file : {"study.db", "log.json", "best.json", "report.json"})
      BOOST_TEST(std::filesystem::exists(folder.path() / "p" / "software" / "search_ckpts" / file),
                 file);
    return outcome.json().at("metrics");
  };
  const auto expected = found("not", "");
  const std::pair<const char*, const char*> hows[] = {
      {"rounding", "floating-point numbers"},
      {"flush", "floating-point numbers"},
      {"folder", "the working folder"},
      {"locale", "the locale"},
      {"thread_locale", "the locale of its thread"},
      {"umask", "the umask"},
      {"mask", "the signals that its thread holds back"},
      {"signals", "how signals are taken"}};
  for (const auto& [how, what] : hows) BOOST_TEST_CONTEXT(how) {
      BOOST_TEST(found(how, what) == expected);
    }
}

BOOST_AUTO_TEST_CASE(what_a_file_changes_while_it_is_loaded_is_put_back_and_told) {
  skip_under_address_sanitizer("the plugin leaks a locale");
  const TemporaryFolder folder;
  const Outcome outcome =
      good({"transform", "jsc-tiny", "jsc-sim", "--passes", "looker,meddles_when_loaded,looker",
            "--plugin", fixture_file("ender"), "--plugin", fixture_file("meddles_when_loaded"),
            "--project-dir", ".", "--project", "p"},
           folder.path());
  BOOST_TEST(contains(outcome.err, "meddles_when_loaded.so' while it was loaded changed "));
}

// A format that rounds otherwise than it found it changes nothing but itself.
BOOST_AUTO_TEST_CASE(a_training_is_the_same_with_a_kernel_that_changes_how_numbers_are_rounded) {
  const auto metrics = [](const std::string& how) {
    const TemporaryFolder folder;
    Words words = troubled_run({"train", "format 'ender'", "quantize"}, how, folder.path());
    words.emplace_back("--json");
    return good(words, folder.path()).json().at("metrics");
  };
  const auto expected = metrics("not");
  for (const char* how : {"rounding", "flush"}) BOOST_TEST(metrics(how) == expected);
}

BOOST_AUTO_TEST_CASE(what_was_done_before_a_crash_is_on_disk_and_goes_on) {
  const TemporaryFolder folder;
  const TroubledPlace place{"search", "pass 'ender'", "third"};
  Words words = troubled_run(place, "abort", folder.path());
  BOOST_TEST(run_lathe(words, folder.path()).exit_code == 1);
  BOOST_TEST(
      std::filesystem::exists(folder.path() / "p" / "software" / "search_ckpts" / "study.db"));
  std::filesystem::remove(folder.path() / "end_me");
  words.emplace_back("--json");
  BOOST_TEST(good(words, folder.path()).json().at("trials") >= 8);
}

BOOST_AUTO_TEST_SUITE_END()
