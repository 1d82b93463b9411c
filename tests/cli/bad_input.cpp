// Each row stands in a folder of its own, so that none sees another's files.
#include "tests/cli/bad_input.hpp"

#include <boost/test/unit_test.hpp>

namespace lathe_test {

namespace {

void check(const BadInput& row, const Words& words, const std::filesystem::path& folder) {
  const Outcome outcome = run_lathe(words, folder);
  BOOST_TEST_CONTEXT(row.what << "\nstderr:\n" << outcome.err) {
    BOOST_TEST(outcome.exit_code == row.exit_code);
    BOOST_TEST(outcome.out.empty());
    const std::string line = outcome.last_line();
    BOOST_TEST(line.starts_with("error: "));
    for (const std::string& text : row.says)
      BOOST_TEST(line.find(text) != std::string::npos, "'" << text << "' is not in: " << line);
  }
}

bool takes_json(const Words& words) {
  return !words.empty() && (words[0] == "train" || words[0] == "test" || words[0] == "transform" ||
                            words[0] == "search" || words[0] == "format");
}

}  // namespace

void check_bad_inputs(const std::vector<BadInput>& rows) {
  for (const BadInput& row : rows) {
    const TemporaryFolder folder;
    for (const auto& [name, contents] : row.files) write_file(folder.path() / name, contents);
    check(row, row.words, folder.path());
    if (!takes_json(row.words)) continue;
    Words with_json = row.words;
    with_json.insert(with_json.begin() + 1, "--json");
    check(row, with_json, folder.path());
  }
  BOOST_TEST_MESSAGE(rows.size() << " bad inputs checked");
}

}  // namespace lathe_test
