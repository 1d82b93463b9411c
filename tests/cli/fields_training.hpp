// What the tests of trainings on rows of any fields share: data sets of plugins built as a student
// would, trained through the executable from weights that the test gives.
#pragma once

#include "core/checkpoint/checkpoint.hpp"
#include "core/data/data.hpp"
#include "core/plugin/registry.hpp"
#include "tests/support/process.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace lathe_test {

// Parameters by name, in double precision.
using Parameters = std::map<std::string, std::vector<double>>;

struct Network {
  std::string model;                           // as the user names it
  std::string dataset;                         // likewise
  std::map<std::string, lathe::Shape> shapes;  // of the model's parameters
  std::vector<std::string> plugins;            // sources of examples/plugins
};

class FieldsTraining {
 public:
  static constexpr int kEpochs = 5;
  static constexpr double kLearningRate = 0.1, kMomentum = 0.9;  // Nesterov's, as PyTorch's SGD

  // Builds the plugins.
  explicit FieldsTraining(const Network& network);

  // Trains on the whole train split at once, so that rows may come in any order.
  void train();
  std::vector<double> train_losses() const { return column("train_loss"); }
  // A column of metrics.csv, one number an epoch.
  std::vector<double> column(const std::string& name) const;
  Parameters trained() const;

  Parameters initial() const;
  std::filesystem::path weights() const { return folder_.path() / "initial.safetensors"; }
  const std::filesystem::path& folder() const { return folder_.path(); }
  // The data set, opened in this process.
  std::shared_ptr<lathe::Dataset> data() const;
  Words plugin_words() const;

 private:
  std::filesystem::path results() const;
  Network network_;
  TemporaryFolder folder_;
  std::unique_ptr<lathe::Registry> registry_;
};

// A table of two features in [-1, 1], and of what `last` makes of them, without a header.
std::string table_of(int rows, const std::function<std::string(double, double)>& last);

}  // namespace lathe_test
