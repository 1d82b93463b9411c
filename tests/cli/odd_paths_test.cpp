// Paths that lead to no file, wherever a path is taken: one sentence of the host's, never the
// system's own text.
#include "tests/support/process.hpp"

#include <sys/stat.h>
#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace lathe_test;

namespace {

namespace fs = std::filesystem;

struct OddPath {
  std::string path, says;
};

// The command that reads it, and whether a wrong one is found before any work.
struct Reader {
  std::string name;
  std::function<Words(const std::string& path)> words;
  int exit_code;
};

const std::vector<Reader>& readers() {
  static const std::vector<Reader> all{
      {"config", [](const std::string& p) { return Words{"transform", "--config", p}; }, 2},
      {"plugin",
       [](const std::string& p) {
         return Words{"transform", "jsc-tiny", "--passes", "flops", "--plugin", p};
       },
       2},
      {"weights",
       [](const std::string& p) { return Words{"test", "jsc-tiny", "jsc-sim", "--load", p}; }, 1},
      {"export", [](const std::string& p) { return Words{"export", p}; }, 1},
      {"table",
       [](const std::string& p) { return Words{"train", "mlp", "csv<train='" + p + "'>"}; }, 1},
  };
  return all;
}

void check_sentence(const Outcome& outcome, const Reader& reader, const OddPath& odd) {
  BOOST_TEST_CONTEXT(reader.name << " of " << odd.path << "\n" << outcome.err) {
    const std::string line = outcome.last_line();
    BOOST_TEST(outcome.exit_code == reader.exit_code);
    BOOST_TEST(line.starts_with("error: "));
    BOOST_TEST(line.find(odd.path) != std::string::npos);
    BOOST_TEST(line.find(odd.says) != std::string::npos);
    for (const char* raw : {"No such file or directory", "Too many levels", "File name too long",
                            "Not a directory", "filesystem error", "Illegal seek", "iostream"})
      BOOST_TEST(line.find(raw) == std::string::npos, raw);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(odd_paths)

BOOST_AUTO_TEST_CASE(a_path_that_leads_to_no_file_is_named_with_its_fault) {
  const TemporaryFolder folder;
  fs::create_symlink("loop", folder.path() / "loop");
  write_file(folder.path() / "file", "x");
  const OddPath odd_paths[] = {
      {"./loop", "the links in its path lead in a circle"},
      {"./" + std::string(300, 'n'), "the name is too long"},
      {"./none", ""},
      {"./file/below", ""},
  };
  for (const OddPath& odd : odd_paths)
    for (const Reader& reader : readers())
      check_sentence(run_lathe(reader.words(odd.path), folder.path()), reader, odd);
}

BOOST_AUTO_TEST_CASE(a_pipe_is_called_one_where_it_cannot_be_read) {
  const TemporaryFolder folder;
  BOOST_REQUIRE_EQUAL(mkfifo((folder.path() / "pipe").c_str(), 0644), 0);
  for (const Reader& reader : readers()) {
    if (reader.name == "config") continue;  // may be one
    const std::string says = reader.name == "plugin" ? "no regular file" : "this is a pipe";
    const std::string path = reader.name == "plugin" ? "./pipe" : "pipe";
    const Outcome outcome = run_lathe(reader.words(path), folder.path());
    BOOST_TEST(outcome.exit_code == reader.exit_code, outcome.err);
    BOOST_TEST(outcome.last_line().find(says) != std::string::npos, outcome.err);
  }
}

BOOST_AUTO_TEST_SUITE_END()
