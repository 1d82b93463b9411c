// The layer of a trained network that was spoiled on purpose, found by lathe bisect as a user runs
// it.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>

using namespace lathe_test;

namespace {

std::string entry(const std::string& key, int weight_width) {
  return "'" + key + "'.config = { name = 'integer', data_in_width = 8, weight_width = " +
         std::to_string(weight_width) + ", bias_width = 8 }\n";
}

// Every convolution at 8 bits, but the weights of one layer at 2.
std::string spoiled(const std::string& top, const std::string& layer) {
  return top + "[passes.quantize]\nby = 'regex_name'\ncalibration = 'range'\n" +
         "default.config = { name = 'NA' }\n" + entry(layer, 2) +
         entry("(layer._._)?conv[12]|linear", 8);
}

}  // namespace

BOOST_AUTO_TEST_CASE(bisect_finds_the_convolution_of_resnet20_that_has_2_bits) {
  const auto file = [](const std::string& path) { return (data_dir() / path).string(); };
  const std::string top =
      "model = 'resnet20'\ndataset = \"cifar10<train=" + file("cifar10/train_2000.bin") +
      ",test=" + file("cifar10/all_test_846.bin") + ">\"\nload_name = '" +
      file("checkpoints/akamaster__resnet20-12fca82f.th") + "'\nbatch_size = 64\n";
  const TemporaryFolder folder;
  write_file(folder.path() / "float.toml", top);
  write_file(folder.path() / "spoiled.toml", spoiled(top, "layer2_1_conv1"));
  const auto start = std::chrono::steady_clock::now();
  const auto json = succeed({"bisect", "float.toml", "spoiled.toml", "--num-samples", "256",
                             "--project-dir", ".", "--project", "p", "--json"},
                            folder.path())
                        .json();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  BOOST_TEST(json.at("node") == "layer2_1_conv1");
  BOOST_TEST(json.at("better") == "float.toml");
  BOOST_TEST(json.at("metrics").at("cost_alone").get<double>() > 0.02);
  // 20 layers or more: 2 ceil(log2 20) + 3 evaluations at most.
  BOOST_TEST(json.at("provenance").at("evaluations").get<int>() <= 13);
  BOOST_TEST_MESSAGE("bisect of resnet20: " << json.at("steps").size() / 2 << " steps, "
                                            << seconds.count() << " s; " << json.at("metrics"));
}
