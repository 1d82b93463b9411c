#include "tests/cli/commands/pages.hpp"

#include <boost/test/unit_test.hpp>

#include <regex>

namespace lathe_test {

namespace {

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

Files files_in(const std::filesystem::path& folder) {
  Files files;
  if (!std::filesystem::is_directory(folder)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    files[entry.path().filename().string()] = read_file(entry.path());
  return files;
}

Files written_by(const Words& words) {
  const TemporaryFolder folder;
  Words all = words;
  all.insert(all.end(), {"--pages", "pages"});
  good(all, folder.path());
  return files_in(folder.path() / "pages");
}

void check_committed(const Files& written, const std::string& name) {
  const Files committed = files_in(source_dir() / "docs" / name);
  for (const auto& [file, contents] : written) {
    const std::string path = "docs/" + name + "/" + file;
    const bool is_there = committed.contains(file);
    BOOST_TEST(is_there, path << " is missing: scripts/docs writes it");
    if (is_there)
      BOOST_TEST((committed.at(file) == contents), path << " is stale: scripts/docs writes it");
  }
  for (const auto& [file, contents] : committed)
    BOOST_TEST(written.contains(file), "docs/" << name << "/" << file << " is of nothing");
}

void check_examples(const Files& pages) {
  std::size_t count = 0;
  for (const auto& [name, page] : pages) {
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

}  // namespace lathe_test
