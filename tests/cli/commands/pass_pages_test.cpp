// The pages of docs/passes are what the program writes, and what they show works.
#include "tests/cli/commands/pages.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

std::vector<std::string> ids_of_passes() {
  const TemporaryFolder folder;
  std::vector<std::string> ids;
  const auto told = good({"list", "pass", "--json"}, folder.path()).json();
  for (const auto& component : told.at("components"))
    ids.push_back(component.at("id").get<std::string>());
  return ids;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pass_pages)

BOOST_AUTO_TEST_CASE(the_committed_pages_are_what_the_program_writes) {
  check_committed(written_by({"list", "pass"}), "passes");
}

BOOST_AUTO_TEST_CASE(every_pass_has_a_page_that_says_source_options_and_scalars) {
  const Files pages = written_by({"list", "pass"});
  const std::vector<std::string> ids = ids_of_passes();
  BOOST_TEST(pages.size() == ids.size() + 1);
  for (const std::string& id : ids) {
    BOOST_TEST_CONTEXT(id) {
      BOOST_TEST(contains(pages.at("README.md"), "[" + id + "](" + id + ".md)"));
      const std::string& page = pages.at(id + ".md");
      BOOST_TEST(page.starts_with("# " + id + "\n"));
      for (const char* part : {"\nSource", "\nExample: `lathe ", "\n## Options\n", "| scalars |"})
        BOOST_TEST(contains(page, part), part);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_page_says_what_plugin_show_says) {
  const TemporaryFolder folder;
  const Files pages = written_by({"list", "pass"});
  for (const std::string& id : ids_of_passes()) {
    const auto told = good({"plugin", "show", "pass:" + id, "--json"}, folder.path()).json();
    const auto& pass = told.at("components").at(0);
    BOOST_TEST_CONTEXT(id) {
      const std::string& page = pages.at(id + ".md");
      for (const auto& option : pass.at("options"))
        BOOST_TEST(contains(page, "| `" + option.at("key").get<std::string>() + "` |"));
      for (const auto& scalar : pass.at("scalars"))
        BOOST_TEST(contains(page, "`" + scalar.get<std::string>() + "`"));
      BOOST_TEST(contains(page, pass.at("doc").get<std::string>()));
    }
  }
}

BOOST_AUTO_TEST_CASE(every_example_of_the_pages_works) {
  check_examples(written_by({"list", "pass"}));
}

BOOST_AUTO_TEST_CASE(pages_of_other_kinds_are_refused) {
  const TemporaryFolder folder;
  for (const Words& words : {Words{"list", "--pages", "p"}, Words{"list", "model", "--pages", "p"},
                             Words{"list", "pass", "format", "--pages", "p"}}) {
    const Outcome outcome = run_lathe(words, folder.path());
    BOOST_TEST(outcome.exit_code == 2);
    BOOST_TEST(contains(outcome.last_line(), "lathe list pass --pages FOLDER"), outcome.err);
    BOOST_TEST(!std::filesystem::exists(folder.path() / "p"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
