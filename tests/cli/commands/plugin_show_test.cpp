// What `lathe plugin show` prints of options: a person reads there what a config may say.
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"
#include "tests/support/pseudo_terminal.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <sstream>

using namespace lathe_test;

namespace {

Outcome shown(const std::string& fixture, const Words& more = {}) {
  const TemporaryFolder folder;
  Words words{"plugin", "show", fixture, "--plugin",
              (build_dir() / "tests" / "fixtures" / (fixture + ".so")).string()};
  words.insert(words.end(), more.begin(), more.end());
  return good(words, folder.path());
}

// The line of a table that begins with that word, with one blank between its cells.
std::string row_of(const std::string& text, const std::string& word) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string joined;
    for (std::string next; words >> next;) joined += (joined.empty() ? "" : " ") + next;
    if (joined.starts_with(word + " ")) return joined;
  }
  return "no row " + word;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_show)

BOOST_AUTO_TEST_CASE(each_option_is_a_row_that_says_what_it_takes) {
  const std::string out = shown("many_options").out;
  const std::pair<const char*, const char*> rows[] = {
      {"rates",
       "rates float list [0.1, 1.0] each 0<..1 Rates, one after the other. (tunable, logarithmic)"},
      {"scale", "scale float 0.001 mm A factor. (logarithmic)"},
      {"marks", "marks string list [] each dot|a\\|b Marks."},
      {"axis", "axis table An axis."},
      {"layers", "layers list of tables any keys or NA Tables of any keys."},
      {"old", "old int 1 What was before. (deprecated)"},
      {"nodes", "nodes node map Which nodes are drawn."},
  };
  for (const auto& [key, row] : rows) BOOST_TEST(row_of(out, key) == row, out);
}

BOOST_AUTO_TEST_CASE(what_tables_hold_follows_with_the_tables_within_them) {
  const std::string out = shown("many_options").out;
  const std::size_t axis = out.find("\nKeys of 'axis':\n");
  const std::size_t points = out.find("\nKeys of each table of 'axis.points':\n");
  BOOST_REQUIRE(axis != std::string::npos);
  BOOST_REQUIRE(points != std::string::npos);
  BOOST_TEST(axis < points);
  BOOST_TEST(row_of(out.substr(axis), "ticks") == "ticks int 5 2.. How many.");
  BOOST_TEST(row_of(out.substr(axis), "points") == "points list of tables What lies on it.");
  BOOST_TEST(row_of(out.substr(points), "at") == "at float (required) 0<..1 Where it is.");
  BOOST_TEST(row_of(out.substr(points), "label") == "label string \"\" What stands beside it.");
  BOOST_TEST(!contains(out, "Keys of each table of 'layers'"));  // it takes all keys
}

BOOST_AUTO_TEST_CASE(what_a_node_may_say_follows_its_map) {
  const std::string out = shown("many_options").out;
  const std::size_t nodes = out.find("\nPer node ('nodes'):");
  BOOST_REQUIRE(nodes != std::string::npos);
  BOOST_TEST(row_of(out.substr(nodes), "name") == "name choice thin|wide How it is drawn.");
  BOOST_TEST(row_of(out.substr(nodes), "weight") ==
             "weight float 1.0 How heavy. (needs no name beside it)");
}

BOOST_AUTO_TEST_CASE(scripts_get_the_same_as_json) {
  const auto options = shown("many_options", {"--json"}).json().at("components")[0].at("options");
  BOOST_REQUIRE_EQUAL(options.size(), 7);
  BOOST_TEST(options[0].at("type") == "float list");
  BOOST_TEST(options[0].at("default") == nlohmann::json({0.1, 1.0}));
  BOOST_TEST(options[0].at("logarithmic") == true);
  BOOST_TEST(options[2].at("choices") == nlohmann::json({"dot", "a|b"}));
  BOOST_TEST(options[3].at("items")[1].at("items")[0].at("key") == "at");
  BOOST_TEST(options[4].at("type") == "list of tables");
  BOOST_TEST(options[4].at("nullable") == true);
  BOOST_TEST(options[5].at("deprecated") == true);
  BOOST_TEST(options[6].at("items")[1].at("beside") == true);
}

BOOST_AUTO_TEST_CASE(details_are_paragraphs_that_fit_the_terminal) {
  const TemporaryFolder folder;
  for (const unsigned columns : {80U, 40U}) {
    PseudoTerminal terminal(columns);
    const Outcome outcome = run_lathe({"plugin", "show", "integer_floor"}, folder.path(), {},
                                      [&] { dup2(terminal.descriptor(), STDERR_FILENO); });
    BOOST_REQUIRE(outcome.exit_code == 0);
    const std::size_t begin = outcome.out.find("\n\n") + 2;
    const std::size_t end = outcome.out.find("\n\noption");
    BOOST_REQUIRE(end < outcome.out.size());
    const std::string details = outcome.out.substr(begin, end - begin);
    BOOST_TEST(contains(details, "`integer`"), details);
    BOOST_TEST(contains(details, "\n\nSource: "), details);
    BOOST_TEST(contains(details, "\n\nExample: `lathe"), details);
    std::istringstream lines(details);
    for (std::string line; std::getline(lines, line);)
      BOOST_TEST((line.size() <= columns || line.find(' ') == std::string::npos), line);
  }
  const auto told = good({"plugin", "show", "integer_floor", "--json"}, folder.path()).json();
  BOOST_TEST(told.at("components")[0].at("details").get<std::string>().starts_with("Values and"));
}

BOOST_AUTO_TEST_SUITE_END()
