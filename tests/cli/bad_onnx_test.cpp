// Files of ONNX that are damaged, or ask for what is not there, as a user meets them.
#include "tests/cli/bad_input.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>

using namespace lathe_test;

namespace {

// The network jsc-tiny as a file.
const std::string& whole() {
  static const std::string bytes = [] {
    const TemporaryFolder folder;
    BOOST_REQUIRE(run_lathe({"export", "jsc-tiny", "net.onnx"}, folder.path()).exit_code == 0);
    std::ifstream in(folder.path() / "net.onnx", std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(in), {}};
  }();
  return bytes;
}

// The same with one text in it for another of the same length.
std::string changed(const std::string& from, const std::string& to) {
  BOOST_REQUIRE(!from.empty() && from.size() == to.size());
  std::string bytes = whole();
  std::size_t at = bytes.find(from);
  BOOST_REQUIRE(at != std::string::npos);
  for (; at != std::string::npos; at = bytes.find(from, at + to.size()))
    bytes.replace(at, from.size(), to);
  return bytes;
}

BadInput counted(const std::string& what, const std::string& bytes,
                 const std::vector<std::string>& says, int exit_code = 1) {
  return {
      what, {{"net.onnx", bytes}}, {"transform", "net.onnx", "--passes", "flops"}, exit_code, says};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bad_onnx)

BOOST_AUTO_TEST_CASE(files_that_no_network_comes_of_are_named) {
  check_bad_inputs({
      {"a file that is not there",
       {},
       {"transform", "net.onnx", "--passes", "flops"},
       1,
       {"net.onnx", "no such file"}},
      counted("an empty file", "", {"net.onnx", "empty"}),
      counted("a file that is cut off", whole().substr(0, whole().size() / 2),
              {"net.onnx", "damaged or cut off"}),
      counted("no file of ONNX", "PK\3\4 this is a zip, or so", {"net.onnx", "no file of ONNX"}),
      counted("operators that are not known", changed("Gemm", "Gemn"),
              {"net.onnx", "Gemn", "not known", "seq_blocks"}, 2),
      counted("an attribute that is not known", changed("transB", "transX"),
              {"net.onnx", "'transX'", "Gemm"}, 2),
  });
}

BOOST_AUTO_TEST_CASE(what_a_file_cannot_do_is_refused) {
  check_bad_inputs({
      {"a test without data", {{"net.onnx", whole()}}, {"test", "net.onnx"}, 2, {"--dataset"}},
      {"data of another width",
       {{"net.onnx", whole()}},
       {"test", "net.onnx", "toy_tiny"},
       2,
       {"'x'", "[16]", "'toy_tiny'"}},
      {"a search over a layer that it does not have",
       {{"net.onnx", whole()},
        {"s.toml",
         R"([search.search_space]
name = "graph/quantize/mixed_precision_ptq"
setup.by = "name"
seed.conv1.config = { name = ["integer"], weight_width = [4, 8] }
[search.strategy]
sw_runner.basic_evaluation = { data_loader = "val_dataloader" }
setup = { n_trials = 2 }
[search.strategy.metrics]
accuracy = { scale = 1.0, direction = "maximize" }
)"}},
       {"search", "--config", "s.toml", "--model", "net.onnx", "--dataset", "jsc-sim"},
       2,
       {"s.toml:", "conv1"}},
  });
}

BOOST_AUTO_TEST_SUITE_END()
