// A trained network as a file of ONNX with 8-bit quantizers, scored by onnxruntime.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>

#include <cmath>
#include <cstdlib>

using namespace lathe_test;

namespace {

std::string file(const std::string& path) { return (data_dir() / path).string(); }

// Of the 846 images, by onnxruntime; skips the case without it.
int score_elsewhere(const std::filesystem::path& model, const std::filesystem::path& folder) {
  const char* chosen = std::getenv("ONNXRUNTIME_PYTHON");
  const std::string python = chosen != nullptr ? chosen : "/usr/bin/python3";
  const std::string script = (source_dir() / "tests/support/onnx/runtime.py").string();
  const std::string out = (folder / "score").string();
  const int status = std::system((python + " '" + script + "' score '" + model.string() + "' '" +
                                  file("cifar10/all_test_846.bin") + "' > '" + out + "'")
                                     .c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) skip("there is no onnxruntime");
  BOOST_REQUIRE(status == 0);
  return std::stoi(read_file(out));
}

int scored_by_lathe(const std::string& passes, const TemporaryFolder& folder) {
  const Words words{"test",
                    "resnet20",
                    "cifar10<train=" + file("cifar10/train_2000.bin") +
                        ",test=" + file("cifar10/all_test_846.bin") + ">",
                    "--load",
                    file("checkpoints/akamaster__resnet20-12fca82f.th"),
                    "--batch-size",
                    "64",
                    "--passes",
                    passes,
                    "--project-dir",
                    ".",
                    "--project",
                    "p",
                    "--json"};
  const auto metrics = succeed(words, folder.path()).json().at("metrics");
  return static_cast<int>(std::lround(846 * metrics.at("accuracy").get<double>()));
}

std::filesystem::path written(const TemporaryFolder& folder) {
  return folder.path() / "p/software/checkpoints/write_onnx/model.onnx";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(onnx_files)

BOOST_AUTO_TEST_CASE(resnet20_scores_the_same_in_onnxruntime) {
  const TemporaryFolder folder;
  const int here = scored_by_lathe("write_onnx", folder);
  BOOST_TEST(here == 776);
  BOOST_TEST(score_elsewhere(written(folder), folder.path()) == here);
}

BOOST_AUTO_TEST_CASE(resnet20_of_8_bits_scores_as_qdq_what_it_scores_here_give_or_take_an_image) {
  const TemporaryFolder folder;
  std::string passes = "quantize<by=type,default.name=NA";
  for (const std::string op : {"conv2d", "linear"})
    passes += "," + op + ".name=integer," + op + ".data_in_width=8," + op + ".weight_width=8," +
              op + ".bias_width=8";
  const int here =
      scored_by_lathe(passes + ",calibration=range>,write_onnx<quantization=qdq>", folder);
  const int there = score_elsewhere(written(folder), folder.path());
  BOOST_TEST_MESSAGE("resnet20, 8 bits: " << here << " here, " << there << " in onnxruntime");
  BOOST_TEST(std::abs(here - there) <= 1);
}

BOOST_AUTO_TEST_SUITE_END()
