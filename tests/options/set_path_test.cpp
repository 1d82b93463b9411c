#include "core/options/text/set_path.hpp"

#include "core/options/text/document.hpp"
#include "tests/options/expect.hpp"
#include "tests/support/support.hpp"

using namespace lathe;
using lathe_test::expect_usage_error;

BOOST_AUTO_TEST_SUITE(setting_paths)

BOOST_AUTO_TEST_CASE(set_replaces_adds_and_makes_tables) {
  Value document = parse_toml("[search.strategy.setup]\nn_trials = 20\nsampler = 'tpe'", "a.toml");
  set_path(document, "search.strategy.setup.n_trials=3", "--set");
  set_path(document, "search.space.\"a.b\".widths = [2, NA, x]", "--set");
  set_path(document, "project=first", "--set");
  set_path(document, "project=second", "--set");
  BOOST_TEST(document.text() ==
             "{search={strategy={setup={n_trials=3, sampler=tpe}}, "
             "space={\"a.b\"={widths=[2, NA, x]}}}, project=second}");
  const Value* trials = document.find("search")->find("strategy")->find("setup")->find("n_trials");
  BOOST_TEST(trials->position().text() == "--set:1:23");
}

BOOST_AUTO_TEST_CASE(every_bad_assignment_is_placed) {
  struct Row {
    const char* text;
    int column;
    const char* says;
  };
  for (const Row& row : std::vector<Row>{
           {"foo", 4, "has no '='"},
           {"", 1, "has no '='"},
           {"=1", 1, "a key is missing"},
           {"a..b=1", 3, "a key is missing"},
           {".a=1", 1, "a key is missing"},
           {"a=", 3, "expected a value"},
           {"a=my run", 6, "needs quotes"},
           {"a=[1", 5, "']' is missing"},
           {"model.x=1", 1, "'model' holds string y; it is no table"},
           {"t.model.x=1", 3, "'model' holds integer 1; it is no table"},
       }) {
    BOOST_TEST_CONTEXT(row.text) {
      Value document = parse_toml("model = 'y'\nt.model = 1", "a.toml");
      const Value before = document;
      expect_usage_error([&] { set_path(document, row.text, "--set"); },
                         "--set:1:" + std::to_string(row.column), {row.says});
      BOOST_TEST((document == before));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
