// Weights of a training held against other tables: classes and columns by name, scaling by what
// the weights were trained with, and words for what does not fit.
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace lathe_test;

namespace {

namespace fs = std::filesystem;

// Three classes, which x1 + x2 + x3 tells apart: a, b, c of tr.csv and b, c, d of te_bcd.csv.
struct Trained {
  TemporaryFolder folder;
  std::vector<std::vector<std::string>> rows;  // of te_bcd.csv, but for those of d

  explicit Trained(const std::string& options = "") {
    for (const char* file : {"tr.csv", "te_bcd.csv"})
      fs::copy_file(source_dir() / "tests/cases/files" / file, folder.path() / file);
    good({"train", "mlp", "csv<train=tr.csv" + options + ">", "--max-epochs", "60",
          "--learning-rate", "1e-2", "--project-dir", ".", "--project", "p"},
         folder.path());
    std::istringstream lines(read_file(folder.path() / "te_bcd.csv"));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream cells(line);
      std::vector<std::string> row;
      for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
      if (row.back() == "b" || row.back() == "c") rows.push_back(std::move(row));
    }
  }

  // A table of the columns of these numbers; 4 is a word.
  void write(const std::string& name, const std::string& header, const std::vector<int>& columns) {
    std::string text = header.empty() ? "" : header + "\n";
    for (const auto& row : rows) {
      std::string line;
      for (const int column : columns)
        line += (line.empty() ? "" : ",") +
                (column == 4 ? std::string("monday") : row.at(static_cast<std::size_t>(column)));
      text += line + "\n";
    }
    write_file(folder.path() / name, text);
  }

  Outcome test(const std::string& set) {
    return run_lathe({"test", set, "--load", "p", "--project-dir", ".", "--json"}, folder.path());
  }
};

void check_all_right(const Outcome& outcome) {
  BOOST_REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  const auto json = outcome.json();
  BOOST_TEST(json.at("metrics").at("accuracy") == 1.0);
  const auto& classes = json.at("tables").at("classes");
  const std::pair<const char*, int> expected[] = {{"a", 0}, {"b", 100}, {"c", 100}};
  BOOST_REQUIRE(classes.size() == 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(classes[i].at("class") == expected[i].first);
    BOOST_TEST(classes[i].at("correct") == expected[i].second);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trained_data)

BOOST_AUTO_TEST_CASE(classes_and_columns_of_another_table_are_told_by_name) {
  Trained trained;
  trained.write("bc.csv", "x1,x2,x3,class", {0, 1, 2, 3});
  trained.write("turned.csv", "class,when,x3,x1,x2", {3, 4, 2, 0, 1});
  trained.write("bare.csv", "", {0, 1, 2, 3});
  for (const char* set : {"csv<test=bc.csv>", "csv<test=turned.csv>", "csv<test=bare.csv>",
                          "csv<test=bc.csv,classes=[c,b]>", "csv<test=turned.csv,features=[2,4,3]>",
                          "csv<train=gone.csv,test=bc.csv>"})
    BOOST_TEST_CONTEXT(set) check_all_right(trained.test(set));
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_the_weights_is_said_in_its_words) {
  Trained trained;
  trained.write("lacks.csv", "x1,z,x3,class", {0, 1, 2, 3});
  trained.write("narrow.csv", "", {0, 1, 3});
  trained.write("price.csv", "x1,x2,x3,price", {0, 1, 2, 2});
  const std::pair<const char*, const char*> cases[] = {
      {"csv<test=te_bcd.csv>",
       "row 2 of split 'test' is of the class 'd', which the network does not know; it was trained "
       "on 'a', 'b', 'c'"},
      {"csv<test=lacks.csv>", "there is no column 'x2', which the network was trained on"},
      {"csv<test=narrow.csv>", "and the network was trained on 3 ('x1', 'x2', 'x3')"},
      {"csv<test=price.csv,label=price,target=float>", "has numbers in its target 'targets'"},
      {"jsc-sim", "has 16 features in a row of 'samples'"},
      {"csv<train=tr.csv>", "has no rows in its test split; give a file by its option 'test'"},
  };
  for (const auto& [set, says] : cases) BOOST_TEST_CONTEXT(set) {
      const Outcome outcome = trained.test(set);
      BOOST_TEST(outcome.exit_code == 1);
      BOOST_TEST(contains(outcome.last_line(), says), outcome.last_line());
    }
}

BOOST_AUTO_TEST_CASE(the_scaling_of_the_training_is_that_of_the_test) {
  Trained trained(",standardize=train");
  trained.write("bc.csv", "x1,x2,x3,class", {0, 1, 2, 3});
  fs::remove(trained.folder.path() / "tr.csv");
  for (const char* set : {"csv<test=bc.csv>", "csv<train=tr.csv,test=bc.csv,standardize=train>"})
    BOOST_TEST_CONTEXT(set) check_all_right(trained.test(set));
  const Outcome plain = trained.test("csv<test=bc.csv,standardize=none>");
  BOOST_TEST(contains(plain.err,
                      "gives its numbers as they are, and the network was trained on "
                      "scaled ones"),
             plain.err);
}

BOOST_AUTO_TEST_SUITE_END()
