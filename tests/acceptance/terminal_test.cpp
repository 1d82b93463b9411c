// What a run draws on a terminal, byte by byte.
#include "tests/acceptance/run.hpp"
#include "tests/support/pseudo_terminal.hpp"

#include <unistd.h>
#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

// What stood on the line each time that it was drawn: between a carriage return and "erase to the
// end of the line".
std::vector<std::string> drawings(const std::string& text) {
  const std::string erase = "\x1b[K";
  std::vector<std::string> drawn;
  for (std::size_t end = text.find(erase); end != std::string::npos;
       end = text.find(erase, end + 1)) {
    const std::size_t begin = text.rfind('\r', end) + 1;
    drawn.push_back(text.substr(begin, end - begin));
  }
  return drawn;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(terminal)

// Every drawing of the progress line leaves the last column free, so that the next one starts where
// it did.
BOOST_AUTO_TEST_CASE(progress_is_one_line_on_a_terminal_of_any_width) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml", read_file(source_dir() / "tests/cases/host/search.toml"));
  for (const unsigned columns : {1U, 5U, 20U, 40U, 200U}) {
    PseudoTerminal terminal(columns);
    const Words words{"search", "--config", "a.toml", "--overwrite", "--project", "p"};
    const Outcome outcome = run_lathe(words, folder.path(), {"TERM=xterm"},
                                      [&] { dup2(terminal.descriptor(), STDERR_FILENO); });
    BOOST_TEST(outcome.exit_code == 0);
    const std::vector<std::string> drawn = drawings(terminal.text());
    BOOST_TEST(!drawn.empty(), columns << " columns");
    for (const std::string& drawing : drawn)
      BOOST_TEST(drawing.size() < columns, "'" << drawing << "' on " << columns << " columns");
  }
}

BOOST_AUTO_TEST_CASE(a_terminal_that_cannot_redraw_gets_no_progress) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml", read_file(source_dir() / "tests/cases/host/search.toml"));
  for (const char* term : {"TERM", "TERM=dumb"}) {
    PseudoTerminal terminal(80);
    const Words words{"search", "--config", "a.toml", "--overwrite", "--project", "p"};
    const Outcome outcome = run_lathe(words, folder.path(), {term, "NO_COLOR"},
                                      [&] { dup2(terminal.descriptor(), STDERR_FILENO); });
    BOOST_TEST(outcome.exit_code == 0);
    BOOST_TEST(terminal.text().find('\x1b') == std::string::npos, term);
  }
}

BOOST_AUTO_TEST_CASE(a_table_that_is_too_wide_is_printed_cell_by_cell) {
  const TemporaryFolder folder;
  PseudoTerminal narrow(20);
  const Outcome outcome = run_lathe({"plugin", "list", "pass"}, folder.path(), {"TERM=xterm"},
                                    [&] { dup2(narrow.descriptor(), STDOUT_FILENO); });
  BOOST_TEST(outcome.exit_code == 0);
  BOOST_TEST(narrow.text().find("kind     pass\r\nid       flops\r\n") != std::string::npos,
             narrow.text());
  PseudoTerminal wide(400);
  run_lathe({"plugin", "list", "pass"}, folder.path(), {"TERM=xterm"},
            [&] { dup2(wide.descriptor(), STDOUT_FILENO); });
  BOOST_TEST(wide.text().starts_with("kind  id"), wide.text());
}

BOOST_AUTO_TEST_SUITE_END()
