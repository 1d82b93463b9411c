// What lathe test and a search tell by class, against predictions.csv counted here.
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

using namespace lathe_test;

namespace {

namespace fs = std::filesystem;

struct Row {
  std::size_t label = 0, predicted = 0;
  std::vector<long double> probabilities;
};

std::vector<Row> predictions_in(const fs::path& csv) {
  std::vector<Row> rows;
  std::istringstream lines(read_file(csv));
  std::string line, cell;
  std::getline(lines, line);  // the header
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    Row row;
    std::getline(cells, cell, ',');  // the row's number
    std::getline(cells, cell, ',');
    row.label = std::stoul(cell);
    std::getline(cells, cell, ',');
    row.predicted = std::stoul(cell);
    long double total = 0;
    while (std::getline(cells, cell, ','))
      total += row.probabilities.emplace_back(std::exp(std::stold(cell)));
    for (long double& p : row.probabilities) p /= total;
    rows.push_back(std::move(row));
  }
  return rows;
}

// Pairs of a row of the class and one of another, equal ones counted half.
double area(const std::vector<Row>& rows, std::size_t c) {
  long double won = 0, pairs = 0;
  for (const Row& a : rows) {
    if (a.label != c) continue;
    for (const Row& b : rows) {
      if (b.label == c) continue;
      const long double off = a.probabilities[c] - b.probabilities[c];
      won += std::abs(off) < 1e-17L ? 0.5L : off > 0 ? 1.0L : 0.0L;
      pairs += 1;
    }
  }
  return static_cast<double>(won / pairs);
}

// Of the lines that begin with that.
std::size_t widest_line(const std::string& text, const std::string& begin) {
  std::size_t widest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(begin)) widest = std::max(widest, line.size());
  return widest;
}

Words trained(const std::string& model, const std::string& data, const Words& more = {}) {
  Words words{"train", model,           data, "--max-epochs", "1",  "--batch-size", "64", "--seed",
              "1",     "--project-dir", ".",  "--project",    "net"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Words tested(const Words& more = {}) {
  Words words{
      "test",      "--load", "net/software/training_ckpts/best.safetensors", "--project-dir", ".",
      "--project", "p"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(results_by_class)

BOOST_AUTO_TEST_CASE(a_test_tells_classes_as_its_predictions_have_them) {
  const TemporaryFolder folder;
  good(trained("jsc-tiny", "jsc-sim<test=700>"), folder.path());
  const auto json = good(tested({"--json"}), folder.path()).json();
  const fs::path results = folder.path() / "p" / "software" / "checkpoints";
  const std::vector<Row> rows = predictions_in(results / "predictions.csv");
  BOOST_REQUIRE(!rows.empty());
  std::vector<std::vector<std::int64_t>> matrix(5, std::vector<std::int64_t>(5));
  for (const Row& row : rows) ++matrix[row.label][row.predicted];
  BOOST_TEST(json.at("confusion_matrix") == nlohmann::json(matrix));
  BOOST_TEST(json.at("tables").at("confusion_matrix").size() == 5U);
  const auto close = boost::test_tools::tolerance(1e-12);
  double areas = 0;
  for (std::size_t c = 0; c < 5; ++c) {
    const auto& found = json.at("tables").at("classes").at(c);
    std::int64_t taken = 0, of_class = 0;
    for (std::size_t k = 0; k < 5; ++k) {
      taken += matrix[k][c];
      of_class += matrix[c][k];
    }
    const auto right = static_cast<double>(matrix[c][c]);
    BOOST_TEST(found.at("samples") == of_class);
    if (taken == 0) {
      BOOST_TEST(found.at("precision").is_null());
    } else {
      BOOST_TEST(found.at("precision").get<double>() == right / static_cast<double>(taken), close);
    }
    BOOST_TEST(found.at("recall").get<double>() == right / static_cast<double>(of_class), close);
    BOOST_TEST(found.at("f1").get<double>() == 2 * right / static_cast<double>(taken + of_class),
               close);
    BOOST_TEST(found.at("auc").get<double>() == area(rows, c), close);
    areas += area(rows, c);
  }
  const auto& metrics = json.at("metrics");
  BOOST_TEST(metrics.at("auc_macro").get<double>() == areas / 5, close);
  BOOST_TEST(metrics.at("recall_macro") == metrics.at("accuracy_macro"));
  // The pass tells the same.
  const auto pass = good({"transform", "--load", "net/software/training_ckpts/best.safetensors",
                          "--passes", "evaluate<split=test>", "--json"},
                         folder.path())
                        .json();
  for (const char* name : {"accuracy", "auc_macro", "f1_macro", "precision_macro"})
    BOOST_TEST(pass.at("metrics").at(name) == metrics.at(name));
}

BOOST_AUTO_TEST_CASE(a_hundred_classes_stay_within_the_screen) {
  const TemporaryFolder folder;
  std::string csv = "x,y,class\n";
  for (int i = 0; i < 400; ++i)
    csv += fmt::format("{:.4f},{:.4f},class{:02}\n", std::sin(i), std::cos(3 * i), i % 100);
  write_file(folder.path() / "rows.csv", csv);
  good(trained("mlp<hidden=[8]>",
               "csv<train=rows.csv,validation=rows.csv,test=rows.csv,label=class>"),
       folder.path());
  const Outcome text = good(tested(), folder.path());
  BOOST_TEST(widest_line(text.out, "class") > 40U);
  BOOST_TEST(widest_line(text.out, "class") <= 80U, text.out.substr(0, 2000));
  BOOST_TEST(contains(text.out, "confusion_matrix of 100 classes is wider than the screen"),
             text.out.substr(0, 200));
  const std::string matrix =
      read_file(folder.path() / "p" / "software" / "checkpoints" / "confusion_matrix.csv");
  BOOST_TEST(std::ranges::count(matrix, '\n') == 101);
  BOOST_TEST(contains(matrix, "\nclass99,"));
  const auto json = good(tested({"--json"}), folder.path()).json();
  BOOST_TEST(json.at("confusion_matrix").size() == 100U);
  BOOST_TEST(!json.at("tables").contains("confusion_matrix"));
}

BOOST_AUTO_TEST_CASE(a_search_can_optimise_the_area) {
  const TemporaryFolder folder;
  good(trained("jsc-tiny", "jsc-sim<validation=500>"), folder.path());
  write_file(folder.path() / "search.toml",
             "[search.search_space]\nname = 'graph/quantize/mixed_precision_ptq'\n"
             "setup.by = 'type'\nseed.default.config.name = ['NA']\n"
             "[search.search_space.seed.linear.config]\nname = ['integer']\n"
             "data_in_width = [8]\ndata_in_frac_width = [4]\nweight_width = [2, 8]\n"
             "weight_frac_width = [1]\nbias_width = [8]\nbias_frac_width = [4]\n"
             "[search.strategy]\nname = 'optuna'\n"
             "setup.sampler = 'brute'\nsetup.n_trials = 2\nsetup.sum_scaled_metrics = false\n"
             "sw_runner.basic_evaluation.num_samples = 500\n"
             "metrics.auc_macro = { scale = 1.0, direction = 'maximize' }\n");
  const auto json =
      good({"search", "--load", "net/software/training_ckpts/best.safetensors", "--config",
            "search.toml", "--project-dir", ".", "--project", "s", "--json"},
           folder.path())
          .json();
  BOOST_REQUIRE(!json.at("best").empty());
  const double found = json.at("best").at(0).at("software_metrics").at("auc_macro");
  BOOST_TEST(found > 0.5);
  BOOST_TEST(found <= 1.0);
}

BOOST_AUTO_TEST_SUITE_END()
