// docs/labs.md, held against the program: each command of it runs, as its reader's shell runs it,
// and what it shows of the output is there.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <optional>
#include <span>
#include <sstream>

using namespace lathe_test;

namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Braces apart: in a table of metrics they stick to the first and the last.
std::vector<std::string> tokens_of(std::string line) {
  std::ranges::replace_if(line, [](char c) { return c == '{' || c == '}'; }, ' ');
  std::istringstream in(line);
  return {std::istream_iterator<std::string>(in), {}};
}

// Fenced commands and what is shown of their output.
struct Exercise {
  std::string commands;
  Lines shown;
};

// Of "## HEADING" to the next heading of that rank.
std::vector<Exercise> exercises_of(const std::string& heading) {
  std::vector<Exercise> exercises;
  bool here = false;
  std::string fence;  // the word behind the one that is open, or empty
  for (const std::string& line : lines_of(read_file(source_dir() / "docs/labs.md"))) {
    if (line.starts_with("```")) {
      fence = fence.empty() ? line.substr(3) : "";
      if (here && fence == "sh") exercises.emplace_back();
    } else if (fence.empty() && line.starts_with("## ")) {
      here = line == "## " + heading;
    } else if (here && fence == "sh") {
      exercises.back().commands += line + "\n";
    } else if (here && fence == "text") {
      exercises.back().shown.push_back(line);
    }
  }
  if (exercises.empty()) throw std::runtime_error("docs/labs.md has no '" + heading + "'");
  return exercises;
}

// A number written with a point, and the punctuation around it: "0.682," is 0.682 and ",".
struct Decimal {
  double value = 0;
  std::string rest;
};

std::optional<Decimal> decimal(const std::string& token) {
  const std::size_t begin = token.find_first_of("-0123456789");
  if (begin == std::string::npos) return std::nullopt;
  const std::size_t end = token.find_first_not_of("-.e0123456789", begin);
  const std::string number = token.substr(begin, end - begin);
  char* stop = nullptr;
  const double value = std::strtod(number.c_str(), &stop);
  if (*stop != '\0') return std::nullopt;
  return Decimal{value, token.substr(0, begin) +
                            (end == std::string::npos ? std::string() : token.substr(end))};
}

// A decimal of the page is right to a tenth, or to 0.03; all else as it is written.
bool agree(const std::string& shown, const std::string& found) {
  if (shown == found) return true;
  if (shown.find('.') == std::string::npos) return false;
  const auto a = decimal(shown), b = decimal(found);
  return a && b && a->rest == b->rest &&
         std::fabs(a->value - b->value) <= std::max(0.03, 0.1 * std::fabs(a->value));
}

// "..." stands for any words; a line may go on behind what is shown of it.
bool begins(std::span<const std::string> shown, std::span<const std::string> found) {
  if (shown.empty()) return true;
  if (shown.front() == "...") {
    for (std::size_t skipped = 0; skipped <= found.size(); ++skipped)
      if (begins(shown.subspan(1), found.subspan(skipped))) return true;
    return false;
  }
  return !found.empty() && agree(shown.front(), found.front()) &&
         begins(shown.subspan(1), found.subspan(1));
}

// The lines that are shown are in the output, in their order.
void check_output(const Lines& shown, const std::string& output) {
  const Lines found = lines_of(output);
  std::size_t at = 0;
  for (const std::string& line : shown) {
    const auto words = tokens_of(line);
    while (at < found.size() && !begins(words, tokens_of(found[at]))) ++at;
    BOOST_TEST(at < found.size(), "the output does not have, or not in that order: " << line);
    if (at == found.size()) return;
    ++at;
  }
}

std::string quoted(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

struct Ended {
  int status;
  std::string output;
};

// In `folder`, by the shell, with nothing of the developer's but the search path.
Ended run_shell(const std::string& commands, const std::filesystem::path& folder,
                const std::string& variables = {}) {
  const char* path = std::getenv("PATH");
  write_file(folder / "commands.sh", commands);
  const std::string line = "cd " + quoted(folder) +
                           " && env -i NO_COLOR=1 LC_ALL=C HOME=" + quoted(folder) +
                           " PATH=" + quoted(executable().parent_path()) + ":" +
                           (path != nullptr ? path : "/usr/bin:/bin") + " " + variables +
                           " sh -eu commands.sh > output 2>&1 < /dev/null";
  const int status = std::system(line.c_str());
  return {status, read_file(folder / "output")};
}

void check_lab(const std::string& heading, const std::string& variables = {}) {
  const TemporaryFolder folder;
  std::filesystem::create_directory_symlink(source_dir() / "examples", folder.path() / "examples");
  for (const Exercise& exercise : exercises_of(heading)) {
    const Ended ended = run_shell(exercise.commands, folder.path(), variables);
    BOOST_TEST_CONTEXT(exercise.commands << ended.output) {
      BOOST_TEST_REQUIRE(ended.status == 0);
      check_output(exercise.shown, ended.output);
    }
  }
}

// The cells of the rows of the page's table, without blanks around them.
std::vector<Lines> rows_of_the_table() {
  std::vector<Lines> rows;
  for (const std::string& line : lines_of(read_file(source_dir() / "docs/labs.md"))) {
    if (line.starts_with("```")) break;  // it stands in front of all commands
    if (!line.starts_with("| ")) continue;
    Lines cells;
    std::istringstream in(line.substr(1));
    for (std::string cell; std::getline(in, cell, '|');) {
      const std::size_t begin = cell.find_first_not_of(" `");
      const std::size_t end = cell.find_last_not_of(" `");
      cells.push_back(begin == std::string::npos ? "" : cell.substr(begin, end - begin + 1));
    }
    rows.push_back(cells);
  }
  return rows;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_reports)

BOOST_AUTO_TEST_CASE(every_figure_of_the_table_is_what_its_command_gives) {
  const std::vector<Lines> rows = rows_of_the_table();
  BOOST_TEST_REQUIRE(rows.size() > 10U);
  const TemporaryFolder folder;
  std::filesystem::create_directory_symlink(source_dir() / "examples", folder.path() / "examples");
  for (std::size_t i = 1; i < rows.size(); ++i) {  // the first is the head
    BOOST_TEST_CONTEXT(rows[i].at(0)) {
      BOOST_TEST_REQUIRE(rows[i].size() == 5U);
      std::string figure = rows[i][2];
      std::erase(figure, ',');
      const Ended ended =
          run_shell("lathe " + rows[i][3] + " --json 2> /dev/null\n", folder.path());
      BOOST_TEST_REQUIRE(ended.status == 0);
      const auto value = nlohmann::json::parse(ended.output)
                             .at(nlohmann::json::json_pointer(rows[i][4]))
                             .get<double>();
      BOOST_TEST(value == std::stod(figure));
    }
  }
}

BOOST_AUTO_TEST_CASE(lab_1_runs_as_the_page_shows) { check_lab("Lab 1: training"); }

BOOST_AUTO_TEST_CASE(lab_2_runs_as_the_page_shows) {
  check_lab("Lab 2: the graph, its passes, and quantization");
}

BOOST_AUTO_TEST_CASE(lab_3_runs_as_the_page_shows) { check_lab("Lab 3: searching formats"); }

BOOST_AUTO_TEST_CASE(lab_4_runs_as_the_page_shows) { check_lab("Lab 4: searching widths"); }

BOOST_AUTO_TEST_CASE(the_labs_run_on_real_data_as_the_page_shows) {
  check_lab("Real data", "LATHE_DATA_DIR=" + quoted(data_dir()));
}

BOOST_AUTO_TEST_CASE(the_readme_names_every_pass) {
  const TemporaryFolder folder;
  const std::string readme = read_file(source_dir() / "README.md");
  const std::size_t begin = readme.find("## Passes and labs");
  BOOST_TEST_REQUIRE(begin != std::string::npos);
  const std::string section = readme.substr(begin, readme.find("\n## ", begin) - begin);
  for (const auto& pass :
       succeed({"list", "pass", "--json"}, folder.path()).json().at("components")) {
    const std::string name = "`" + pass.at("id").get<std::string>() + "`";
    BOOST_TEST(section.find(name) != std::string::npos, "it does not name " << name);
  }
}

// What a page that has rotted looks like to the checks above.
BOOST_AUTO_TEST_CASE(an_output_that_differs_from_the_page_is_seen) {
  const auto same = [](const std::string& shown, const std::string& found) {
    return begins(tokens_of(shown), tokens_of(found));
  };
  BOOST_TEST(same("total_flops 1320", "total_flops             1320"));
  BOOST_TEST(!same("total_flops 1320", "total_flops             1321"));
  BOOST_TEST(same("accuracy ... 0.682,", "accuracy of all 0.701, and more"));
  BOOST_TEST(!same("accuracy 0.682,", "accuracy 0.782,"));
  BOOST_TEST(!same("accuracy 0.682,", "accuracy 0.682"));
  BOOST_TEST(!same("a b", "a"));
  BOOST_TEST(!same("widths 16 32", "widths 16 ... 32"));
}

BOOST_AUTO_TEST_SUITE_END()
