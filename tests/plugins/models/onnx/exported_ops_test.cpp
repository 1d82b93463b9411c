// Ops of attention nets as ONNX and back, against PyTorch's results (golden/torch_ops.py).
#include "exported_ops.hpp"

#include "tests/engine/own_networks.hpp"

using namespace lathe_test;

namespace {

// Why a file cannot be read again, whose first dimension is the batch for the reader: its masks are
// for one batch, or it takes the largest of all rows. Empty: it can.
std::string one_batch(const std::string& name) {
  if (name == "max of everything") return "it goes over the batch, too";
  const std::set<std::string> masked = {"where of two tensors",
                                        "where of a tensor and -inf",
                                        "where of a tensor and 2",
                                        "where of a number and a constant of one",
                                        "attention with numbers as a mask",
                                        "with a mask of numbers for each head",
                                        "with padding"};
  return masked.contains(name) ? "do not go together" : "";
}

}  // namespace

BOOST_AUTO_TEST_CASE(ops_come_back_from_their_files_computing_what_torch_does) {
  auto engine = open_engine();
  for (const json& one : torch_ops()) {
    const std::string name = one.at("name");
    BOOST_TEST_CONTEXT(name) {
      const TemporaryFolder folder;
      const std::optional<std::filesystem::path> file = exported_op(one, folder.path());
      if (!file || one.at("inputs").empty()) continue;  // a file that reads nothing is none to read
      std::vector<Tensor> inputs;
      for (const json& input : one.at("inputs")) inputs.push_back(typed_tensor(input));
      if (const std::string why = one_batch(name); !why.empty()) {
        check_refused([&] { network(*file, 1); }, why);
        continue;
      }
      const Graph back = network(*file, inputs[0].shape()[0]);
      check_close(engine->run(back, inputs).at(0).values<float>(),
                  numbers(one.at("output").at("data")), 1e-5, 1e-5, name);
    }
  }
}

BOOST_AUTO_TEST_CASE(networks_of_torch_come_back_from_their_files) {
  for (const char* net : {"residual", "encoder", "gpt"}) {
    for (const std::int64_t opset : {14, 17}) {
      BOOST_TEST_CONTEXT(net << ", opset " << opset) {
        const TemporaryFolder folder;
        const Graph graph = saved_network(net);
        const Graph back = network(exported(graph, folder.path(), {{"opset", opset}}), 5);
        const Tensor input = network_input(graph, network_folder(net) / "input_batch5.npy");
        const Tensor output = lathe::read_npy(network_folder(net) / "output_batch5.npy");
        BOOST_TEST(difference(values_of(computed(back, input)), values_of(output)) < 1e-5);
      }
    }
  }
}
