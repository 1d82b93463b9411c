// `lathe plugin new` and `build`, outside the tree, as a student would use them.
#include "core/plugin/registry.hpp"
#include "tests/plugin/fixtures.hpp"
#include "tests/support/process.hpp"
#include "tests/support/support.hpp"

#include <sys/stat.h>
#include <boost/test/unit_test.hpp>

#include <fstream>

using namespace lathe;
using namespace lathe_test;

BOOST_AUTO_TEST_SUITE(plugin_command)

BOOST_AUTO_TEST_CASE(a_new_pass_builds_and_loads_as_it_is) {
  for (const std::string language : {"cpp", "c"}) {
    const TemporaryFolder folder;
    const Outcome made =
        run_lathe({"plugin", "new", "pass", "count_things", "--lang", language}, folder.path());
    BOOST_TEST(made.exit_code == 0, made.err);
    const Outcome built =
        run_lathe({"plugin", "build", "count_things." + language, "--json"}, folder.path());
    BOOST_REQUIRE_MESSAGE(built.exit_code == 0, built.err);
    BOOST_TEST(!contains(built.err, "warning"), built.err);
    BOOST_TEST(built.json()["components"][0]["id"] == "count_things");
    BOOST_TEST_MESSAGE(language << ": " << built.json()["seconds"] << " s");

    const Registry registry({}, {folder.path() / "count_things.so"});
    const Component& pass = registry.find(Kind::pass, "count_things");
    BOOST_TEST(pass.options.find("op")->default_value->as_string() == "relu");
    BOOST_TEST(registry.warnings().empty());
  }
}

BOOST_AUTO_TEST_CASE(the_compiler_line_is_printed_and_the_result_is_ours_alone) {
  const TemporaryFolder folder;
  run_lathe({"plugin", "new", "pass", "one"}, folder.path());
  const Outcome built =
      run_lathe({"plugin", "build", "one.cpp", "-o", "two.so", "--", "-DNDEBUG"}, folder.path());
  BOOST_REQUIRE_MESSAGE(built.exit_code == 0, built.err);
  BOOST_TEST(contains(built.err, "-std=c++17"));
  BOOST_TEST(contains(built.err, "-DNDEBUG"));
  BOOST_TEST(contains(built.out, "two.so: pass one 0.1.0"));
  struct stat status{};
  BOOST_REQUIRE_EQUAL(stat((folder.path() / "two.so").c_str(), &status), 0);
  BOOST_TEST((status.st_mode & (S_IWGRP | S_IWOTH)) == 0u);
}

BOOST_AUTO_TEST_CASE(the_environment_chooses_the_compiler) {
  const TemporaryFolder folder;
  run_lathe({"plugin", "new", "pass", "one", "--lang", "c"}, folder.path());
  const Outcome missing =
      run_lathe({"plugin", "build", "one.c"}, folder.path(), {"CC=no-such-compiler"});
  BOOST_TEST(missing.exit_code == 2);
  BOOST_TEST(contains(missing.last_line(), "no-such-compiler"));
  const Outcome words =
      run_lathe({"plugin", "build", "one.c"}, folder.path(), {"CC=cc -DONE -DTWO"});
  BOOST_TEST(words.exit_code == 0, words.err);
}

// One name, two languages: the second file would be the first one's no longer, without a word.
BOOST_AUTO_TEST_CASE(what_another_source_was_built_into_is_not_replaced_silently) {
  const TemporaryFolder folder;
  run_lathe({"plugin", "new", "pass", "one", "--lang", "c"}, folder.path());
  run_lathe({"plugin", "new", "pass", "one", "--lang", "cpp"}, folder.path());
  const auto build = [&](const Words& more) {
    Words words{"plugin", "build"};
    words.insert(words.end(), more.begin(), more.end());
    return run_lathe(words, folder.path());
  };
  BOOST_TEST(build({"one.c"}).exit_code == 0);
  const std::string before = read_file(folder.path() / "one.so");
  const Outcome refused = build({"one.cpp"});
  BOOST_TEST(refused.exit_code == 2);
  BOOST_TEST(contains(refused.last_line(), "'one.so' is there and was built from 'one.c'"));
  BOOST_TEST(contains(refused.last_line(), "-o one.so"));
  BOOST_TEST(read_file(folder.path() / "one.so") == before);
  BOOST_TEST(build({"one.c"}).exit_code == 0);
  BOOST_TEST(build({"one.cpp", "-o", "two.so"}).exit_code == 0);
  BOOST_TEST(build({"one.cpp", "-o", "one.so"}).exit_code == 0);
  BOOST_TEST(build({"one.cpp"}).exit_code == 0);
}

BOOST_AUTO_TEST_CASE(what_does_not_compile_ends_with_one) {
  const TemporaryFolder folder;
  write_file(folder.path() / "bad.cpp", "#include <lathe/lathe.hpp>\nint main( {}\n");
  const Outcome bad = run_lathe({"plugin", "build", "bad.cpp"}, folder.path());
  BOOST_TEST(bad.exit_code == 1);
  BOOST_TEST(contains(bad.last_line(), "refused 'bad.cpp'"));
}

BOOST_AUTO_TEST_CASE(a_sampler_that_suggests_nothing_is_told_what_it_lacks_in_one_error) {
  const TemporaryFolder folder;
  write_file(folder.path() / "bad.cpp",
             "#include <lathe/lathe.hpp>\n"
             "struct Bad { void started(std::uint64_t, lathe::span<const double>) {} };\n"
             "LATHE_SAMPLER(Bad, \"bad\", \"1.0.0\", \"Suggests nothing.\")\n");
  const Outcome bad = run_lathe({"plugin", "build", "bad.cpp"}, folder.path());
  BOOST_TEST(bad.exit_code == 1);
  BOOST_TEST(contains(bad.err,
                      "a sampler needs bool suggest(lathe::context, std::uint64_t trial, "
                      "lathe::span<double> values)"),
             bad.err);
  std::size_t errors = 0;
  for (std::size_t at = bad.err.find("error: "); at != bad.err.npos;
       at = bad.err.find("error: ", at + 1)) {
    ++errors;
  }
  BOOST_TEST(errors == 2U, bad.err);  // the compiler's, and the command's last line
}

BOOST_AUTO_TEST_CASE(what_compiles_but_is_no_plugin_is_refused) {
  const TemporaryFolder folder;
  write_file(folder.path() / "empty.c", "int nothing;\n");
  const Outcome empty = run_lathe({"plugin", "build", "empty.c"}, folder.path());
  BOOST_TEST(empty.exit_code == 2);
  BOOST_TEST(contains(empty.last_line(), "no Lathe stamp"));
}

BOOST_AUTO_TEST_CASE(nothing_is_overwritten_and_names_are_checked) {
  const TemporaryFolder folder;
  run_lathe({"plugin", "new", "pass", "one"}, folder.path());
  const Outcome again = run_lathe({"plugin", "new", "pass", "one"}, folder.path());
  BOOST_TEST(again.exit_code == 2);
  BOOST_TEST(contains(again.last_line(), "there already"));
  for (const Words& words :
       {Words{"new", "pass", "One"}, Words{"new", "pass", "../x"}, Words{"new", "gadget", "x"},
        Words{"new", "pass", "x", "--lang", "ada"}, Words{"new", "pass"}, Words{"build"},
        Words{"build", "missing.cpp"}, Words{"build", "x.rs"}, Words{"lst"}, Words{}, Words{"show"},
        Words{"show", "nothing-like-it"}, Words{"list", "gadget"}, Words{"list", "--plugin"},
        Words{"list", "--plug", "x.so"}}) {
    Words all{"plugin"};
    all.insert(all.end(), words.begin(), words.end());
    const Outcome outcome = run_lathe(all, folder.path());
    BOOST_TEST(outcome.exit_code == 2, outcome.err);
    BOOST_TEST(outcome.last_line().starts_with("error: "), outcome.err);
    BOOST_TEST(outcome.out.empty());
  }
}

BOOST_AUTO_TEST_CASE(lists_and_shows_are_text_or_json) {
  const TemporaryFolder folder;
  const Words plugin{"--plugin", fixture("probe").string()};
  const Outcome list =
      run_lathe({"plugin", "list", "pass", "--json", plugin[0], plugin[1]}, folder.path());
  BOOST_REQUIRE_MESSAGE(list.exit_code == 0, list.err);
  bool found = false;
  const nlohmann::json rows = list.json()["plugins"];
  for (const auto& row : rows) {
    BOOST_TEST(row["kind"] == "pass");
    found = found || (row["id"] == "probe" && row["source"] == "explicit");
  }
  BOOST_TEST(found);

  const Outcome show =
      run_lathe({"plugin", "show", "pass:probe", "--json", plugin[0], plugin[1]}, folder.path());
  BOOST_REQUIRE_MESSAGE(show.exit_code == 0, show.err);
  const auto component = show.json()["components"][0];
  BOOST_TEST(component["options"][1]["key"] == "width");
  BOOST_TEST(component["options"][1]["range"] == "1..64");
  BOOST_TEST(component["options"][1]["default"] == 8);
  BOOST_TEST(component["scalars"].size() == 2u);

  const Outcome text = run_lathe({"plugin", "show", "probe", plugin[0], plugin[1]}, folder.path());
  BOOST_TEST(contains(text.out, "1..64"));
  BOOST_TEST(contains(text.out, "data_in_"));
}

BOOST_AUTO_TEST_CASE(nothing_a_plugin_prints_reaches_standard_output) {
  const TemporaryFolder folder;
  const Outcome outcome =
      run_lathe({"transform", "line", "jsc-sim", "--passes", "talker", "--json", "--plugin",
                 fixture("talker").string(), "--plugin", fixture("line").string()},
                folder.path());
  BOOST_REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  BOOST_CHECK_NO_THROW(outcome.json());
  BOOST_TEST(contains(outcome.err, "talker was here"));
  BOOST_TEST(contains(outcome.err, "and here"));
}

BOOST_AUTO_TEST_SUITE_END()
