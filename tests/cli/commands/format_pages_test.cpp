// The pages of docs/formats are what the program writes, and what they show works.
#include "tests/cli/commands/pages.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

BOOST_AUTO_TEST_SUITE(format_pages)

BOOST_AUTO_TEST_CASE(the_committed_pages_are_what_the_program_writes) {
  check_committed(written_by({"format"}), "formats");
}

BOOST_AUTO_TEST_CASE(every_format_has_a_page_a_picture_and_a_row_of_the_index) {
  const TemporaryFolder folder;
  const auto told = good({"list", "format", "--json"}, folder.path()).json();
  const Files pages = files_in(source_dir() / "docs" / "formats");
  const std::string index = pages.at("README.md");
  for (const auto& component : told.at("components")) {
    const auto id = component.at("id").get<std::string>();
    const bool alias = !pages.contains(id + ".md");
    BOOST_TEST(contains(index, alias ? id : "[" + id + "](" + id + ".md)"), id);
    if (!alias) BOOST_TEST(contains(pages.at(id + ".md"), "(" + id + ".svg)"), id);
    if (!alias) BOOST_TEST(pages.contains(id + ".svg"), id);
  }
}

BOOST_AUTO_TEST_CASE(every_example_of_the_pages_works) {
  check_examples(files_in(source_dir() / "docs" / "formats"));
}

BOOST_AUTO_TEST_SUITE_END()
