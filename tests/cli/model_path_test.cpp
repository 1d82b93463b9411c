// A path where a model is expected: a folder with a saved network, a file of ONNX.
#include "tests/cli/bad_input.hpp"
#include "tests/support/npy_file.hpp"

#include <fmt/format.h>
#include <boost/test/unit_test.hpp>

using namespace lathe_test;
using nlohmann::json;

namespace {

// A network of one linear layer, as other programs save it: it does not say which model it is of.
const std::string kNetwork = R"({"lathe_graph": 1, "dialect": 5, "origin": {}, "nodes": [
 {"name": "x", "opcode": "placeholder", "op": "placeholder", "target": "x", "args": [], "kwargs": {},
  "attributes": {"shape": [16]}},
 {"name": "fc", "opcode": "call_module", "op": "linear", "target": "fc", "args": [{"node": "x"}],
  "kwargs": {}, "attributes": {"in_features": 16, "out_features": 5}},
 {"name": "output", "opcode": "output", "op": "output", "target": "output",
  "args": [{"node": "fc"}], "kwargs": {}, "attributes": {}}]})";

// Its weights, all zero, as a file of safetensors.
std::string weights() {
  const std::string header =
      R"({"fc.weight":{"dtype":"F32","shape":[5,16],"data_offsets":[0,320]},)"
      R"("fc.bias":{"dtype":"F32","shape":[5],"data_offsets":[320,340]}})";
  const std::string length{static_cast<char>(header.size()), 0, 0, 0, 0, 0, 0, 0};
  return length + header + std::string(340, '\0');
}

json counted(const TemporaryFolder& folder, std::vector<std::string> words) {
  words.insert(words.begin(), "transform");
  words.insert(words.end(), {"--passes", "flops", "--json"});
  return good(words, folder.path()).json().at("metrics");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(model_path)

BOOST_AUTO_TEST_CASE(a_folder_of_a_saved_network_is_one_that_load_has) {
  const TemporaryFolder folder;
  good({"transform", "jsc-tiny", "--passes", "save_graph", "--project", "saved"}, folder.path());
  const std::string saved = "lathe_output/saved/software/transform/save_graph";
  const json expected = counted(folder, {"--load", saved});
  BOOST_TEST(counted(folder, {saved}) == expected);
  write_file(folder.path() / "lathe_output/a.toml",
             "model = 'saved/software/transform/save_graph'\n");
  BOOST_TEST(counted(folder, {"--config", "lathe_output/a.toml"}) == expected);
}

BOOST_AUTO_TEST_CASE(a_saved_network_need_not_say_its_model) {
  const TemporaryFolder folder;
  write_file(folder.path() / "net/graph.json", kNetwork);
  write_file(folder.path() / "net/model.safetensors", weights());
  BOOST_TEST(counted(folder, {"./net"}).at("parameters") == 16 * 5 + 5);
  BOOST_TEST(counted(folder, {"net"}).at("parameters") == 16 * 5 + 5);
}

BOOST_AUTO_TEST_CASE(a_folder_of_hugging_face_is_a_llama) {
  const std::string config = R"({"vocab_size": 11, "hidden_size": 8, "intermediate_size": 10,
    "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 16})";
  check_bad_inputs({
      {"without weights",
       {{"net/config.json", config}},
       {"transform", "net", "--passes", "flops"},
       1,
       {"net", "'llama'", "neither model.safetensors"}},
      {"of another kind",
       {{"net/config.json", R"({"model_type": "gpt2"})"}},
       {"transform", "./net", "--passes", "flops"},
       2,
       {"net/config.json", "'model_type'", "gpt2"}},
      {"random weights that are to be tested",
       {{"net/config.json", config}},
       {"test", "llama<config=net,weights=fresh>", "jsc-sim"},
       2,
       {"needs trained weights"}},
  });
}

BOOST_AUTO_TEST_CASE(paths_of_a_config_are_beside_it_wherever_in_it_they_stand) {
  const TemporaryFolder folder;
  std::string row;
  for (int i = 0; i < 16; ++i) row += "0.5,";
  write_file(folder.path() / "a/rows.csv", row + "0\n" + row + "4\n");
  write_file(folder.path() / "a/net/config.json", R"({"vocab_size": 11, "hidden_size": 8,
    "intermediate_size": 10, "num_hidden_layers": 1, "num_attention_heads": 2})");
  good({"export", "jsc-tiny", "a/net.onnx"}, folder.path());
  write_file(folder.path() / "a/x.npy", npy("'<f4'", "(2, 16)", std::string(2 * 16 * 4, '\0')));
  write_file(folder.path() / "a/y.npy", npy("'|u1'", "(2,)", std::string("\0\4", 2)));
  const auto told = [&](const std::string& config, std::vector<std::string> words) {
    write_file(folder.path() / "a/run.toml", config);
    words.insert(words.end(), {"--config", "a/run.toml", "--json"});
    return good(words, folder.path()).json().at("metrics");
  };
  const std::vector<std::string> test{"test", "--split", "validation"},
      count{"transform", "--passes", "flops"};
  for (const char* model : {"net.onnx", "onnx<file=net.onnx>"})
    for (const char* data : {"csv<validation=rows.csv>", "npy<validation=[x.npy,y.npy]>"})
      told(fmt::format("model = '{}'\ndataset = '{}'\n", model, data), test);
  for (const char* model :
       {"llama<config=net,weights=fresh>", "llama<weights=fresh,config=\"net\">"})
    told(fmt::format("model = '{}'\n", model), count);
  write_file(folder.path() / "a/run.toml", "model = 'net'\n");
  const Outcome outcome =
      run_lathe({"transform", "--config", "a/run.toml", "--passes", "flops"}, folder.path());
  BOOST_TEST(outcome.err.find("neither model.safetensors") != std::string::npos, outcome.err);
}

BOOST_AUTO_TEST_CASE(a_saved_network_may_have_no_weights) {
  const TemporaryFolder folder;
  write_file(folder.path() / "net/graph.json",
             R"({"lathe_graph": 1, "dialect": 6, "origin": {}, "nodes": [
 {"name": "x", "opcode": "placeholder", "op": "placeholder", "target": "x", "args": [], "kwargs": {},
  "attributes": {"shape": [16]}},
 {"name": "relu", "opcode": "call_function", "op": "relu", "target": "relu",
  "args": [{"node": "x"}], "kwargs": {}, "attributes": {}},
 {"name": "output", "opcode": "output", "op": "output", "target": "output",
  "args": [{"node": "relu"}], "kwargs": {}, "attributes": {}}]})");
  const std::string empty = "{}      ";
  write_file(folder.path() / "net/model.safetensors",
             std::string{static_cast<char>(empty.size()), 0, 0, 0, 0, 0, 0, 0} + empty);
  BOOST_TEST(counted(folder, {"net"}).at("parameters") == 0);
}

BOOST_AUTO_TEST_CASE(paths_that_lead_nowhere_are_refused) {
  check_bad_inputs({
      {"no such file of ONNX",
       {},
       {"transform", "net.onnx", "--passes", "flops"},
       1,
       {"net.onnx", "no such file"}},
      {"a file that is no ONNX",
       {{"net.onnx", "no network"}},
       {"transform", "net.onnx", "--passes", "flops"},
       1,
       {"net.onnx"}},
      {"a folder beside --load",
       {{"net/graph.json", kNetwork}},
       {"transform", "net", "--load", "net", "--passes", "flops"},
       2,
       {"'net' is a saved network", "leave --load out"}},
  });
}

BOOST_AUTO_TEST_SUITE_END()
