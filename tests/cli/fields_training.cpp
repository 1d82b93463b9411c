#include "tests/cli/fields_training.hpp"

#include "core/options/text/component_text.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <sstream>

namespace lathe_test {

FieldsTraining::FieldsTraining(const Network& network) : network_(network) {
  std::vector<std::filesystem::path> files;
  for (const std::string& source : network_.plugins) {
    good({"plugin", "build", (source_dir() / "examples/plugins" / (source + ".cpp")).string()},
         folder());
    files.push_back(folder() / (source + ".so"));
  }
  registry_ = std::make_unique<lathe::Registry>(
      std::vector<lathe::PluginFolder>{{built_plugin_dir(), "built-in"}}, files);
  std::map<std::string, lathe::Tensor> tensors;
  for (const auto& [name, values] : initial()) {
    const std::vector<float> floats(values.begin(), values.end());
    tensors[name] = lathe::Tensor::of<float>(lathe::DType::float32, network_.shapes.at(name),
                                             std::span(floats));
  }
  lathe::write_safetensors(weights(), tensors);
}

// Numbers that float32 holds, no two alike.
Parameters FieldsTraining::initial() const {
  Parameters all;
  double place = 0;
  for (const auto& [name, shape] : network_.shapes) {
    std::vector<double>& values = all[name];
    for (std::int64_t i = 0; i < shape.numel(); ++i)
      values.push_back(static_cast<float>(0.5 * std::sin(1.7 * ++place)));
  }
  return all;
}

Words FieldsTraining::plugin_words() const {
  Words words;
  for (const std::string& source : network_.plugins)
    words.insert(words.end(), {"--plugin", "./" + source + ".so"});
  return words;
}

void FieldsTraining::train() {
  Words words{"train",
              network_.model,
              network_.dataset,
              "--load",
              weights().string(),
              "--training-optimizer",
              "sgd",
              "--learning-rate",
              std::to_string(kLearningRate),
              "--lr-scheduler",
              "constant",
              "--weight-decay",
              "0",
              "--batch-size",
              "4096",
              "--max-epochs",
              std::to_string(kEpochs),
              "--project-dir",
              ".",
              "--project",
              "p"};
  const Words plugins = plugin_words();
  words.insert(words.end(), plugins.begin(), plugins.end());
  good(words, folder());
}

std::filesystem::path FieldsTraining::results() const {
  return folder() / "p" / "software" / "training_ckpts";
}

std::vector<double> FieldsTraining::column(const std::string& name) const {
  std::istringstream lines(read_file(results() / "metrics.csv"));
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream cells(line);
    rows.emplace_back();
    for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(cell);
  }
  const auto& header = rows.at(0);
  const auto place = static_cast<std::size_t>(std::ranges::find(header, name) - header.begin());
  BOOST_REQUIRE_MESSAGE(place < header.size(), "metrics.csv has no column " << name);
  std::vector<double> values;
  for (std::size_t row = 1; row < rows.size(); ++row)
    values.push_back(std::stod(rows[row].at(place)));
  return values;
}

Parameters FieldsTraining::trained() const {
  const lathe::Checkpoint last = lathe::read_checkpoint(results() / "last.safetensors");
  Parameters all;
  for (const auto& [name, shape] : network_.shapes) {
    const auto values = last.tensors.at(name).values<float>();
    all[name].assign(values.begin(), values.end());
  }
  return all;
}

std::shared_ptr<lathe::Dataset> FieldsTraining::data() const {
  const lathe::ComponentText named = lathe::parse_component(network_.dataset, "--dataset");
  const lathe::Component& component = registry_->find(lathe::Kind::dataset, named.name);
  auto set = lathe::make_dataset(component, lathe::check_options(component.options, named.options),
                                 network_.dataset, {});
  set->open({});
  return set;
}

std::string table_of(int rows, const std::function<std::string(double, double)>& last) {
  std::ostringstream table;
  for (int i = 0; i < rows; ++i) {
    // Numbers that float32 holds.
    const double x = std::round(64 * std::sin(3.0 * i)) / 64;
    const double y = std::round(64 * std::cos(5.0 * i)) / 64;
    table << x << ',' << y << ',' << last(x, y) << '\n';
  }
  return table.str();
}

}  // namespace lathe_test
