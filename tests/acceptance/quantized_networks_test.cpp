// Trained networks after post-training quantization, as a user runs it: what accuracy is left, and
// that quantizing changes no weight.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

std::string eight_bits(const std::string& calibration) {
  std::string text = "quantize<by=type,default.name=NA";
  for (const std::string op : {"conv2d", "linear"}) {
    text += "," + op + ".name=integer";
    for (const std::string role : {"data_in", "weight", "bias"})
      text.append(",").append(op).append(".").append(role).append("_width=8");
  }
  return text + ",calibration=" + calibration + ">";
}

std::string file(const std::string& path) { return (data_dir() / path).string(); }

double accuracy_of_resnet20(const Words& more) {
  TemporaryFolder folder;
  Words words{"test",
              "resnet20",
              "cifar10<train=" + file("cifar10/train_2000.bin") +
                  ",test=" + file("cifar10/all_test_846.bin") + ">",
              "--load",
              file("checkpoints/akamaster__resnet20-12fca82f.th"),
              "--batch-size",
              "64",
              "--project-dir",
              ".",
              "--json"};
  words.insert(words.end(), more.begin(), more.end());
  return succeed(words, folder.path()).json().at("metrics").at("accuracy").get<double>();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(quantized_networks)

// 91.73 % in float.
BOOST_AUTO_TEST_CASE(resnet20_keeps_91_percent_with_8_bits_and_calibrated_fractions) {
  for (const std::string calibration : {"range", "percentile", "mse", "entropy"}) {
    const double accuracy = accuracy_of_resnet20({"--passes", eight_bits(calibration)});
    BOOST_TEST_MESSAGE("resnet20, 8 bits, calibration " << calibration << ": " << accuracy);
    BOOST_TEST(accuracy >= 0.91);
  }
}

BOOST_AUTO_TEST_CASE(quantizing_a_trained_network_changes_no_weight_and_no_bias) {
  TemporaryFolder folder;
  const std::string weights = file("checkpoints/burn__mnist.pt");
  succeed({"transform", "mnist-cnn",
           "mnist<train=" + file("mnist/sub-train2000-images-idx3-ubyte.gz") + ">", "--load",
           weights, "--passes", eight_bits("range"), "--project-dir", ".", "--project", "q"},
          folder.path());
  // Equal tensors under equal names give equal bytes; a state_dict has no metadata.
  succeed({"export", weights, "before.pt"}, folder.path());
  succeed({"export", "q/software/transform/transformed_ckpt/model.safetensors", "after.pt"},
          folder.path());
  const std::string before = read_file(folder.path() / "before.pt");
  BOOST_TEST((before == read_file(folder.path() / "after.pt")));
  for (const std::string layer : {"conv1", "conv2", "conv3"})
    BOOST_TEST(before.find(layer + ".bias") != std::string::npos, layer);
}

BOOST_AUTO_TEST_SUITE_END()
