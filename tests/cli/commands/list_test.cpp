// lathe list: what there is, a sentence each.
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>

using namespace lathe_test;

BOOST_AUTO_TEST_SUITE(list_command)

BOOST_AUTO_TEST_CASE(every_component_has_its_sentence) {
  const TemporaryFolder folder;
  const Outcome outcome = run_lathe({"list", "--json"}, folder.path());
  BOOST_REQUIRE(outcome.exit_code == 0);
  std::set<std::string> kinds, ids;
  const nlohmann::json said = outcome.json();
  for (const auto& row : said.at("components")) {
    kinds.insert(row.at("kind").get<std::string>());
    ids.insert(row.at("id").get<std::string>());
    BOOST_TEST(!row.at("doc").get<std::string>().empty(), row.dump());
    BOOST_TEST(row.at("version").is_null() == (row.at("kind") == "pruner"), row.dump());
  }
  BOOST_TEST((kinds == std::set<std::string>{"dataset", "format", "model", "op", "pass", "pruner",
                                             "sampler"}));
  for (const char* id : {"jsc-toy", "jsc-sim", "quantize", "integer", "tpe", "median"})
    BOOST_TEST(ids.contains(id), id);
}

BOOST_AUTO_TEST_CASE(a_kind_lists_itself_alone) {
  const TemporaryFolder folder;
  const Outcome outcome = run_lathe({"list", "sampler"}, folder.path());
  BOOST_TEST(outcome.exit_code == 0);
  BOOST_TEST(contains(outcome.out, "tpe"));
  BOOST_TEST(!contains(outcome.out, "quantize"));
}

BOOST_AUTO_TEST_CASE(ops_of_the_dialect_are_listed_if_they_are_asked_for) {
  const TemporaryFolder folder;
  const std::string asked = good({"list", "op"}, folder.path()).out;
  BOOST_TEST(contains(asked, "torch.nn.Linear, linear(input, weight, bias)"), asked);
  BOOST_TEST(!contains(good({"list"}, folder.path()).out, "torch.nn.Linear"));
}

BOOST_AUTO_TEST_CASE(a_kind_that_there_is_not_is_refused_with_the_nearest) {
  const TemporaryFolder folder;
  const Outcome outcome = run_lathe({"list", "smapler"}, folder.path());
  BOOST_TEST(outcome.exit_code == 2);
  BOOST_TEST(outcome.out.empty());
  BOOST_TEST(contains(outcome.last_line(), "did you mean 'sampler'"), outcome.last_line());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_used_is_listed_with_its_reason_and_stops_nothing) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "plugins");
  write_file(folder.path() / "plugins" / "mine.so", "not really");
  for (const Words& words : {Words{"list", "format"}, Words{"plugin", "list"}}) {
    const std::string text = good(words, folder.path()).out;
    BOOST_TEST(contains(text, "integer"));
    BOOST_TEST(contains(text, "cannot be used (project)"), text);
    BOOST_TEST(contains(text, "mine.so"), text);
    Words json = words;
    json.emplace_back("--json");
    const auto broken = good(json, folder.path()).json().at("broken");
    BOOST_TEST(broken.size() == 1U);
    BOOST_TEST(contains(broken.at(0).at("reason"), "mine.so"));
  }
  good({"transform", "jsc-tiny", "jsc-sim", "--passes", "flops"}, folder.path());
  const Outcome asked =
      run_lathe({"transform", "jsc-tiny", "jsc-sim", "--passes", "mine"}, folder.path());
  BOOST_TEST(asked.exit_code == 2);
  BOOST_TEST(contains(asked.err, "unknown pass 'mine'"), asked.err);
  BOOST_TEST(contains(asked.err, "mine.so"), asked.err);
}

BOOST_AUTO_TEST_SUITE_END()
