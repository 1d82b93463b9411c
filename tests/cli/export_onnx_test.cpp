// lathe export net.onnx: models, runs and files of ONNX become files of ONNX; what cannot is said.
#include "tests/cli/bad_input.hpp"

#include <boost/test/unit_test.hpp>
#include "tests/support/messages.hpp"

using namespace lathe_test;

namespace {

// A saved network with number formats, in the project "p".
void quantize(const std::filesystem::path& folder, const std::string& format) {
  good({"transform", "jsc-tiny", "--project", "p", "--project-dir", ".", "--passes",
        "quantize<by=type,default.name=NA,linear={" + format + "}>"},
       folder);
}

double parameters_of(const std::string& network, const std::filesystem::path& folder) {
  const auto told = good({"transform", network, "--passes", "flops", "--json"}, folder).json();
  return told["metrics"]["parameters"].get<double>();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(export_onnx)

BOOST_AUTO_TEST_CASE(a_model_becomes_a_file_that_is_a_model_again) {
  const TemporaryFolder folder;
  const auto told =
      good({"export", "jsc-tiny", "net.onnx", "--opset", "15", "--json"}, folder.path()).json();
  BOOST_TEST(told["opset"] == 15);
  BOOST_TEST(told["nodes"] == 4);
  BOOST_TEST(told["output"]["file"] == "net.onnx");
  BOOST_TEST(told["output"]["bytes"] == std::filesystem::file_size(folder.path() / "net.onnx"));
  BOOST_TEST(parameters_of("net.onnx", folder.path()) == parameters_of("jsc-tiny", folder.path()));
  good({"export", "net.onnx", "again.onnx"}, folder.path());
  BOOST_TEST(parameters_of("again.onnx", folder.path()) ==
             parameters_of("jsc-tiny", folder.path()));
}

BOOST_AUTO_TEST_CASE(a_run_becomes_qonnx_and_leaves_nothing_else) {
  const TemporaryFolder folder;
  quantize(folder.path(), "name=integer,data_in_width=6,weight_width=6,bias_width=6");
  const auto told =
      good({"export", "p", "net.onnx", "--quantization", "qonnx", "--json"}, folder.path()).json();
  BOOST_TEST(told["quantizers"] == 3);
  BOOST_TEST(!std::filesystem::exists(folder.path() / "net.onnx.part"));
  const std::string text =
      good({"export", "p", "net.onnx", "--quantization", "qdq", "--overwrite"}, folder.path()).out;
  BOOST_TEST(contains(text, "'net.onnx'"), text);
  BOOST_TEST(contains(text, "quantizers"), text);
}

BOOST_AUTO_TEST_CASE(large_weights_lie_beside_the_file) {
  const TemporaryFolder folder;
  const auto told =
      good({"export", "toy_convnet", "net.onnx", "--external-data", "--json"}, folder.path())
          .json();
  BOOST_TEST(told["output"]["data"] == "net.onnx.data");
  BOOST_TEST(std::filesystem::exists(folder.path() / "net.onnx.data"));
  BOOST_TEST(parameters_of("net.onnx", folder.path()) ==
             parameters_of("toy_convnet", folder.path()));
}

BOOST_AUTO_TEST_CASE(a_model_takes_its_sizes_from_a_data_set) {
  const TemporaryFolder folder;
  const std::string text = good({"export", "mlp", "jsc-sim", "net.onnx"}, folder.path()).out;
  BOOST_TEST(contains(text, "the network of 'mlp'"), text);
  check_bad_inputs({
      {"a model without sizes", {}, {"export", "mlp", "net.onnx"}, 1, {"'mlp'", "data set"}},
      {"data that are none",
       {},
       {"export", "mlp", "jsc-sm", "net.onnx"},
       2,
       {"'jsc-sm'", "jsc-sim"}},
  });
}

// Files of ONNX have their weights.
BOOST_AUTO_TEST_CASE(a_file_is_tested_as_it_is) {
  const TemporaryFolder folder;
  good({"train", "jsc-tiny", "jsc-sim", "--max-epochs", "1", "--project", "p"}, folder.path());
  good({"export", "lathe_output/p", "net.onnx"}, folder.path());
  const auto scores = [&](Words words) {
    words.insert(words.begin(), "test");
    words.emplace_back("--json");
    return good(words, folder.path()).json().at("metrics").at("accuracy");
  };
  BOOST_TEST(scores({"net.onnx", "jsc-sim"}) == scores({"--load", "lathe_output/p"}));
}

BOOST_AUTO_TEST_CASE(wrong_words_are_refused) {
  check_bad_inputs({
      {"an opset before 13",
       {},
       {"export", "jsc-tiny", "net.onnx", "--opset", "12"},
       2,
       {"--opset", "12", "13..17"}},
      {"a form of quantizers that is not known",
       {},
       {"export", "jsc-tiny", "net.onnx", "--quantization", "onnx"},
       2,
       {"--quantization", "got string onnx", "'qonnx'"}},
      {"quantizers for tensors",
       {},
       {"export", "in.safetensors", "out.pt", "--quantization", "qdq"},
       2,
       {"--quantization", ".onnx"}},
      {"codes of ONNX",
       {},
       {"export", "jsc-tiny", "net.onnx", "--codes"},
       2,
       {"--codes", ".safetensors"}},
      {"no such model or file",
       {},
       {"export", "jsc-tny", "net.onnx"},
       2,
       {"'jsc-tny'", "jsc-tiny"}},
      {"a file that is there",
       {{"net.onnx", "mine"}},
       {"export", "jsc-tiny", "net.onnx"},
       2,
       {"'net.onnx' is there already", "--overwrite"}},
      {"data that are there",
       {{"net.onnx.data", "mine"}},
       {"export", "jsc-tiny", "net.onnx", "--external-data"},
       2,
       {"'net.onnx.data' is there already", "--overwrite"}},
      {"a folder that is not there",
       {},
       {"export", "jsc-tiny", "no/net.onnx"},
       1,
       {"'no/net.onnx'"}},
  });
}

BOOST_AUTO_TEST_CASE(formats_that_onnx_does_not_have_are_all_named) {
  const TemporaryFolder folder;
  quantize(folder.path(), "name=minifloat_denorm");
  const Outcome outcome =
      run_lathe({"export", "p", "net.onnx", "--quantization", "qonnx"}, folder.path());
  BOOST_TEST(outcome.exit_code == 1);
  for (const char* part : {"'minifloat_denorm'", "data_in_0", "weight", "seq_blocks_2"}) {
    BOOST_TEST(contains(outcome.last_line(), part), outcome.last_line());
  }
  BOOST_TEST(!std::filesystem::exists(folder.path() / "net.onnx"));
  BOOST_TEST(!std::filesystem::exists(folder.path() / "net.onnx.part"));
}

BOOST_AUTO_TEST_SUITE_END()
