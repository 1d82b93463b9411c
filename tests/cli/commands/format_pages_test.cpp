// The pages of docs/formats are what the program writes, and what they show works.
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <regex>

using namespace lathe_test;

namespace {

using Files = std::map<std::string, std::string>;

Files files_in(const std::filesystem::path& folder) {
  Files files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    files[entry.path().filename().string()] = read_file(entry.path());
  return files;
}

// As a shell splits a line: at blanks, quotes of either kind respected.
Words split(const std::string& line) {
  Words words;
  std::string word;
  char quote = '\0';
  bool begun = false;
  for (const char c : line) {
    if (quote != '\0') {
      if (c == quote)
        quote = '\0';
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      begun = true;
    } else if (c == ' ' || c == '\n') {
      if (begun) words.push_back(word);
      word.clear();
      begun = false;
    } else {
      word += c;
      begun = true;
    }
  }
  if (begun) words.push_back(word);
  return words;
}

std::vector<std::string> examples_of(const std::string& page) {
  static const std::regex example("Example: `lathe ([^`]+)`");
  std::vector<std::string> lines;
  for (std::sregex_iterator at(page.begin(), page.end(), example), end; at != end; ++at)
    lines.push_back((*at)[1]);
  return lines;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(format_pages)

BOOST_AUTO_TEST_CASE(the_committed_pages_are_what_the_program_writes) {
  const TemporaryFolder folder;
  good({"format", "--pages", "pages"}, folder.path());
  const Files written = files_in(folder.path() / "pages");
  const Files committed = files_in(source_dir() / "docs" / "formats");
  for (const auto& [name, contents] : written) {
    BOOST_TEST(committed.contains(name), "docs/formats/" << name << " is missing: scripts/docs");
    BOOST_TEST((committed.contains(name) && committed.at(name) == contents),
               "docs/formats/" << name << " is stale: scripts/docs writes it");
  }
  for (const auto& [name, contents] : committed)
    BOOST_TEST(written.contains(name), "docs/formats/" << name << " is of no format");
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
  std::size_t count = 0;
  for (const auto& [name, page] : files_in(source_dir() / "docs" / "formats")) {
    const std::vector<std::string> lines = examples_of(page);
    if (name.ends_with(".md") && name != "README.md")
      BOOST_TEST(!lines.empty(), name << " has no example");
    for (const std::string& line : lines) {
      const TemporaryFolder folder;
      const Outcome outcome = run_lathe(split(line), folder.path());
      BOOST_TEST(outcome.exit_code == 0, "lathe " << line << "\n" << outcome.err);
      ++count;
    }
  }
  BOOST_TEST_MESSAGE(count << " examples");
}

BOOST_AUTO_TEST_SUITE_END()
