// Files that write_onnx leaves, held against others: ONNX's checker (python3-onnx), and onnxruntime
// (Debian 13's python3-onnxruntime, or npm's onnxruntime-node). Skipped, visibly, without them.
#include "exported_ops.hpp"
#include "written.hpp"

#include "tests/engine/own_networks.hpp"

#include <sys/wait.h>

#include <cstdlib>

using namespace lathe_test;

namespace {

constexpr std::int64_t kBatch = 2;
constexpr int kNotThere = 77;

int run_script(const std::string& script, const std::string& arguments) {
  const char* chosen = std::getenv("ONNXRUNTIME_PYTHON");
  const std::string python =
      chosen != nullptr && script == "runtime.py" ? chosen : "/usr/bin/python3";
  const std::string path = (source_dir() / "tests/support/onnx" / script).string();
  const int status = std::system((python + " '" + path + "' " + arguments + " >&2").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string quoted(const std::filesystem::path& path) { return "'" + path.string() + "' "; }

Graph built(const std::string& id) { return Workbench(kBatch).model(id); }

Graph eight_bits(const Graph& graph) {
  const json format = {{"name", "integer"},   {"data_in_width", 8},     {"data_in_frac_width", 4},
                       {"weight_width", 8},   {"weight_frac_width", 6}, {"bias_width", 8},
                       {"bias_frac_width", 5}};
  return with_formats(
      graph,
      {{"by", "type"}, {"default", {{"name", nullptr}}}, {"conv2d", format}, {"linear", format}});
}

// What onnxruntime makes of them.
std::vector<float> computed_elsewhere(const std::filesystem::path& model,
                                      const std::vector<Tensor>& inputs) {
  const TemporaryFolder folder;
  std::string words;
  for (const Tensor& input : inputs) {
    const std::filesystem::path file = folder.path() / std::to_string(words.size());
    const auto bytes = input.bytes();
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    std::string shape;
    for (const std::int64_t extent : input.shape().dims()) {
      shape += (shape.empty() ? "" : ",") + std::to_string(extent);
    }
    words += quoted(file) + std::string(lathe::name(input.dtype())) + " " + shape + " ";
  }
  const int code =
      run_script("runtime.py", "run " + quoted(model) + quoted(folder.path() / "y") + words);
  if (code == kNotThere) skip("there is no onnxruntime");
  BOOST_REQUIRE(code == 0);
  const std::string bytes = read_text(folder.path() / "y");
  std::vector<float> y(bytes.size() / sizeof(float));
  std::memcpy(y.data(), bytes.data(), y.size() * sizeof(float));
  return y;
}

// The largest difference of a logit from the engine's.
double difference_elsewhere(const Graph& graph, const std::filesystem::path& model) {
  return difference(computed_elsewhere(model, {sine_input(graph)}), outputs_of(graph));
}

}  // namespace

BOOST_AUTO_TEST_CASE(files_are_valid_for_onnxs_own_checker) {
  const TemporaryFolder folder;
  std::string files;
  for (const char* id : {"resnet20", "vgg7", "mobilenet_v2", "jsc-tiny", "jsc-toy", "jsc-s",
                         "mnist-cnn", "toy_convnet"}) {
    for (const std::int64_t opset : {13, 17}) {
      files += quoted(exported(built(id), folder.path(),
                               {{"file", fmt::format("{}_{}.onnx", id, opset)}, {"opset", opset}}));
    }
  }
  files += quoted(exported(eight_bits(built("resnet20")), folder.path(),
                           {{"file", "qdq.onnx"}, {"quantization", "qdq"}}));
  const int code = run_script("checked.py", files);
  if (code == kNotThere) skip("python3-onnx is not installed");
  BOOST_TEST(code == 0);
}

BOOST_AUTO_TEST_CASE(onnxruntime_computes_what_the_engine_does) {
  for (const char* id : {"resnet20", "vgg7", "mobilenet_v2", "jsc-tiny", "jsc-toy", "jsc-s",
                         "mnist-cnn", "toy_convnet"}) {
    BOOST_TEST_CONTEXT(id) {
      const TemporaryFolder folder;
      const Graph graph = built(id);
      BOOST_TEST(difference_elsewhere(graph, exported(graph, folder.path())) < 1e-4);
    }
  }
}

BOOST_AUTO_TEST_CASE(onnxruntime_computes_what_torch_does_of_its_networks) {
  for (const char* net : {"residual", "encoder", "gpt"}) {
    for (const auto& [rows, suffix] : {std::pair{2, ""}, std::pair{5, "_batch5"}}) {
      BOOST_TEST_CONTEXT(net << ", batch " << rows) {
        const TemporaryFolder folder;
        const auto file = exported(saved_network(net), folder.path());
        const Tensor input = network_input(
            saved_network(net), network_folder(net) / fmt::format("input{}.npy", suffix));
        const Tensor output =
            lathe::read_npy(network_folder(net) / fmt::format("output{}.npy", suffix));
        BOOST_TEST(difference(computed_elsewhere(file, {input}), values_of(output)) < 1e-4);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(onnxruntime_computes_what_torch_does_of_its_ops) {
  for (const json& one : torch_ops()) {
    const std::string name = one.at("name");
    BOOST_TEST_CONTEXT(name) {
      const TemporaryFolder folder;
      const std::optional<std::filesystem::path> file = exported_op(one, folder.path());
      if (!file) continue;
      std::vector<Tensor> inputs;
      for (const json& input : one.at("inputs")) inputs.push_back(typed_tensor(input));
      check_close(computed_elsewhere(*file, inputs), numbers(one.at("output").at("data")), 1e-4,
                  1e-4, name);
    }
  }
}

BOOST_AUTO_TEST_CASE(onnxruntime_computes_qdq_as_the_engine_does_the_formats) {
  const TemporaryFolder folder;
  const Graph graph = eight_bits(built("jsc-toy"));
  const auto file = exported(graph, folder.path(), {{"quantization", "qdq"}});
  BOOST_TEST(difference_elsewhere(graph, file) < 1e-4);
}

// onnxruntime would count what hangs over the end, were the padding, of which there is none, to
// count.
BOOST_AUTO_TEST_CASE(average_pools_divide_by_what_is_inside) {
  const TemporaryFolder folder;
  onnx::ModelProto model = model_of({3, 7, 7});
  onnx::NodeProto& pool = add_node(*model.mutable_graph(), "AveragePool", {"x"}, "y");
  set_integer(pool, "ceil_mode", 1);
  for (const char* name : {"kernel_shape", "strides"}) {
    onnx::AttributeProto& attribute = *pool.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INTS);
    for (int d = 0; d < 2; ++d) attribute.add_ints(3);
  }
  const Graph graph = network(written(model, folder.path() / "pool.onnx"), kBatch);
  BOOST_TEST(difference_elsewhere(graph, exported(graph, folder.path())) < 1e-6);
}
