// Exports of three networks of torch, by two versions of it and eight opsets, against torch's own
// numbers and torch.fx's names (golden/own_networks, beside the folder of data).
#include "networks.hpp"

#include "core/checkpoint/npy.hpp"

#include <set>

using namespace lathe_test;

namespace {

std::filesystem::path networks() {
  const std::filesystem::path folder =
      data_dir().parent_path() / "golden" / "own_networks" / "torch";
  if (!std::filesystem::is_directory(folder)) skip("no folder " + folder.string());
  return folder;
}

Tensor tensor_of(const std::filesystem::path& file, DType dtype) {
  const Tensor numbers = lathe::read_npy(file);
  if (dtype == DType::float32) return numbers;
  std::vector<std::int64_t> whole;
  for (const float x : numbers.values<float>()) whole.push_back(static_cast<std::int64_t>(x));
  return Tensor::of<std::int64_t>(DType::int64, numbers.shape(), whole);
}

void check_batch(const std::filesystem::path& file, std::int64_t rows, const char* suffix) {
  const Graph graph = network(file, rows);
  const DType dtype = graph.node(graph.placeholders().at(0)).result.dtype;
  const std::filesystem::path folder = file.parent_path();
  const Tensor input = tensor_of(folder / fmt::format("input{}.npy", suffix), dtype);
  const Tensor output = tensor_of(folder / fmt::format("output{}.npy", suffix), DType::float32);
  const double off = difference(values_of(computed(graph, input)), values_of(output));
  BOOST_TEST_MESSAGE(folder.filename().string()
                     << "/" << file.filename().string() << ", batch " << rows << ": " << off);
  BOOST_TEST(off < 1e-5);
}

std::vector<std::filesystem::path> files_of(const std::string& net) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(networks() / net)) {
    if (entry.path().extension() == ".onnx") files.push_back(entry.path());
  }
  BOOST_TEST(files.size() == 9U);
  std::sort(files.begin(), files.end());
  return files;
}

// Names of the modules that torch.fx sees, which eval mode keeps. An exporter may fold batch norms
// into the convolutions before them.
std::set<std::string> module_names(const std::string& net, bool with_batch_norms) {
  std::ifstream in(networks() / net / "fx.json");
  const json fx = json::parse(in);
  std::set<std::string> names;
  for (const json& node : fx.at("lists").at(0).at("nodes")) {
    if (node.at("op") != "call_module") continue;
    const auto type = node.at("module").get<std::string>();
    const bool folded = !with_batch_norms && type.find("BatchNorm") != std::string::npos;
    if (!folded && type.find("Dropout") == std::string::npos) names.insert(node.at("name"));
  }
  return names;
}

}  // namespace

BOOST_AUTO_TEST_CASE(exports_of_torch_compute_what_torch_does) {
  for (const char* net : {"residual", "encoder", "gpt"}) {
    for (const std::filesystem::path& file : files_of(net)) {
      BOOST_TEST_CONTEXT(file.string()) {
        const bool open = file.stem().string().find("default") == std::string::npos &&
                          file.stem().string() != "torch113_opset11";
        check_batch(file, 2, "");
        if (open) check_batch(file, 5, "_batch5");
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(exports_of_torch_have_the_modules_that_torch_fx_names) {
  for (const char* net : {"residual", "encoder", "gpt"}) {
    for (const std::filesystem::path& file : files_of(net)) {
      BOOST_TEST_CONTEXT(file.string()) {
        const bool unfolded = file.stem().string().find("preserve") != std::string::npos;
        const Graph graph = network(file, 2);
        const std::set<std::string> names = module_names(net, unfolded);
        BOOST_TEST(!names.empty());
        for (const std::string& name : names) BOOST_TEST((graph.find(name) != NodeId::none), name);
      }
    }
  }
}
