// Real networks on real data, from the files to the predicted class, as a user runs them:
// golden/predictions.json holds what PyTorch gives.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <sstream>

using namespace lathe_test;

namespace {

nlohmann::json golden_case(const std::string& model) {
  const nlohmann::json golden = golden_json("predictions.json");
  for (const auto& one : golden.at("cases"))
    if (one.at("name") == model) return one;
  throw std::runtime_error("predictions.json has no network " + model);
}

struct Prediction {
  std::string label, predicted;
  std::vector<double> logits;
};

std::vector<Prediction> predictions_in(const std::filesystem::path& csv) {
  std::vector<Prediction> out;
  std::istringstream lines(read_file(csv));
  std::string line, cell;
  std::getline(lines, line);  // the header
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    Prediction one;
    std::getline(cells, cell, ',');  // the row's number
    std::getline(cells, one.label, ',');
    std::getline(cells, one.predicted, ',');
    while (std::getline(cells, cell, ',')) one.logits.push_back(std::stod(cell));
    out.push_back(std::move(one));
  }
  return out;
}

double largest_difference(const std::vector<Prediction>& rows, const nlohmann::json& first) {
  double largest = 0;
  for (std::size_t row = 0; row < first.size(); ++row) {
    BOOST_TEST_REQUIRE(rows[row].logits.size() == first[row].size());
    for (std::size_t i = 0; i < first[row].size(); ++i)
      largest = std::max(largest, std::fabs(rows[row].logits[i] - first[row][i].get<double>()));
  }
  return largest;
}

void check_network(const std::string& model, const std::string& set) {
  const nlohmann::json expected = golden_case(model);
  TemporaryFolder folder;
  const auto checkpoint = data_dir() / "checkpoints" / expected.at("checkpoint").get<std::string>();
  const auto run = succeed({"test", model, set, "--load", checkpoint.string(), "--batch-size", "64",
                            "--project-dir", ".", "--project", "p", "--json"},
                           folder.path())
                       .json();
  const auto samples = expected.at("samples").get<std::int64_t>();
  const auto correct = expected.at("correct").get<std::int64_t>();
  BOOST_TEST(run.at("metrics").at("samples") == samples);
  BOOST_TEST(run.at("metrics").at("accuracy").get<double>() ==
                 static_cast<double>(correct) / static_cast<double>(samples),
             boost::test_tools::tolerance(1e-12));

  const auto rows = predictions_in(folder.path() / "p/software/checkpoints/predictions.csv");
  const std::string predictions = expected.at("predictions");
  BOOST_TEST_REQUIRE(rows.size() == predictions.size());
  std::int64_t found = 0;
  std::string predicted;
  for (const Prediction& row : rows) {
    predicted += row.predicted;
    found += row.predicted == row.label;
  }
  BOOST_TEST((predicted == predictions), "every predicted class");
  BOOST_TEST(found == correct);
  const double difference = largest_difference(rows, expected.at("logits_first_3"));
  BOOST_TEST(difference < 1e-4);
  BOOST_TEST_MESSAGE(model << ": " << found << " of " << samples << ", logits within "
                           << difference);
}

std::string file_of(const std::string& model) {
  return (data_dir() / golden_case(model).at("data").get<std::string>()).string();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(real_networks)

BOOST_AUTO_TEST_CASE(resnet20_scores_91_73_percent_on_846_real_images) {
  check_network("resnet20", "cifar10<test=" + file_of("resnet20") + ">");
}

BOOST_AUTO_TEST_CASE(resnet56_scores_93_26_percent_on_846_real_images) {
  check_network("resnet56", "cifar10<test=" + file_of("resnet56") + ">");
}

BOOST_AUTO_TEST_CASE(mnist_cnn_scores_99_15_percent_on_the_official_10000) {
  check_network("mnist-cnn",
                "mnist<test=" + (data_dir() / "mnist/t10k-images-idx3-ubyte.gz").string() + ">");
}

BOOST_AUTO_TEST_CASE(jets_3layer_scores_77_of_100_real_jets) {
  check_network("jets-3layer", "jsc<test=" + file_of("jets-3layer") + ">");
}

BOOST_AUTO_TEST_SUITE_END()
