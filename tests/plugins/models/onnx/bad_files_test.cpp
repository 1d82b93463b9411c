// Files of ONNX that are damaged, hostile or ask for what Lathe does not have: what is said.
#include "networks.hpp"
#include "written.hpp"

using namespace lathe_test;

namespace {

// What is said of a file; empty: nothing.
std::string refusal(const std::filesystem::path& file) {
  try {
    network(file);
  } catch (const lathe::Error& error) {
    return error.what();
  }
  return {};
}

std::string refusal(const onnx::ModelProto& model) {
  const TemporaryFolder folder;
  return refusal(written(model, folder.path() / "net.onnx"));
}

void check_says(const std::string& text, std::initializer_list<const char*> words) {
  for (const char* word : words) {
    BOOST_TEST(text.find(word) != std::string::npos, "no '" << word << "' in: " << text);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_or_is_cut_off_is_named) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "net.onnx";
  check_says(refusal(file), {"net.onnx", "no such file"});
  written(small_model(), file);
  const auto size = std::filesystem::file_size(file);
  for (std::uintmax_t length = 0; length < size; length += 7) {
    std::filesystem::resize_file(file, size - 1 - length);
    check_says(refusal(file), {"net.onnx"});
  }
  std::ofstream(file) << "PK\x03\x04 this is a zip, or so";
  check_says(refusal(file), {"net.onnx", "ONNX"});
  check_says(refusal(folder.path()), {"no regular file"});
}

BOOST_AUTO_TEST_CASE(all_that_is_not_known_is_named_at_once) {
  onnx::ModelProto model = small_model();
  onnx::GraphProto& graph = *model.mutable_graph();
  add_node(graph, "Fourier", {"y"}, "f").set_name("wave");
  add_node(graph, "Relu", {"f"}, "r").add_attribute()->set_name("slope");
  add_node(graph, "Quant", {"r"}, "q").set_domain("com.acme");
  add_node(graph, "Add", {"q"}, "one_input").set_name("half");
  graph.mutable_output(0)->set_name("one_input");
  check_says(refusal(model), {"'wave' (Fourier)", "not known", "'slope'", "'com.acme'",
                              "'half' (Add)", "1 inputs"});
}

BOOST_AUTO_TEST_CASE(a_cycle_is_named) {
  onnx::ModelProto model = small_model();
  onnx::GraphProto& graph = *model.mutable_graph();
  add_node(graph, "Add", {"y", "b"}, "a");
  add_node(graph, "Relu", {"a"}, "b");
  graph.mutable_output(0)->set_name("b");
  check_says(refusal(model), {"cycle"});
}

BOOST_AUTO_TEST_CASE(names_that_are_given_twice_or_never_are_named) {
  onnx::ModelProto twice = small_model();
  add_node(*twice.mutable_graph(), "Relu", {"x"}, "y");
  check_says(refusal(twice), {"'y'", "twice"});
  onnx::ModelProto weights = small_model();
  *weights.mutable_graph()->add_initializer() = weights.graph().initializer(0);
  check_says(refusal(weights), {"'w'", "twice"});
  onnx::ModelProto inputs = small_model();
  *inputs.mutable_graph()->add_input() = inputs.graph().input(0);
  check_says(refusal(inputs), {"'x'", "twice"});
  onnx::ModelProto missing = small_model();
  add_node(*missing.mutable_graph(), "Relu", {"nowhere"}, "z");
  missing.mutable_graph()->mutable_output(0)->set_name("z");
  check_says(refusal(missing), {"'nowhere'", "nothing makes"});
  onnx::ModelProto unnamed = small_model();
  unnamed.mutable_graph()->mutable_initializer(0)->clear_name();
  check_says(refusal(unnamed), {"no name"});
  onnx::ModelProto output = small_model();
  output.mutable_graph()->mutable_output(0)->set_name("nowhere");
  check_says(refusal(output), {"nothing makes the output 'nowhere'"});
}

BOOST_AUTO_TEST_CASE(impossible_sizes_are_refused_before_anything_is_made_of_them) {
  for (const std::int64_t extent : {std::int64_t{1} << 62, std::int64_t{-1}}) {
    onnx::ModelProto model = small_model();
    onnx::TensorProto& weight = *model.mutable_graph()->mutable_initializer(0);
    weight.set_dims(0, extent);
    weight.set_dims(1, 16);
    check_says(refusal(model), {"'w'", "impossible shape"});
  }
  onnx::ModelProto large = small_model();
  large.mutable_graph()->mutable_initializer(0)->set_dims(0, std::int64_t{1} << 40);
  check_says(refusal(large), {"'w'", "bytes"});
  onnx::ModelProto wide = small_model();
  set_extent(wide, 1, std::int64_t{1} << 62);
  check_says(refusal(wide), {"input 'x'", "extent"});
  onnx::ModelProto batch = small_model();
  set_extent(batch, 0, std::int64_t{1} << 62);
  BOOST_TEST(refusal(batch) == "");  // a batch is whatever a run has
}

BOOST_AUTO_TEST_CASE(types_and_shapes_that_no_layer_takes_are_named) {
  onnx::ModelProto text = small_model();
  text.mutable_graph()->mutable_initializer(0)->set_data_type(onnx::TensorProto::STRING);
  check_says(refusal(text), {"'w'", "string"});
  onnx::ModelProto open = small_model();
  open.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(1)
      ->set_dim_param("width");
  check_says(refusal(open), {"input 'x'", "dimension 1", "open"});
  onnx::ModelProto narrow = small_model();
  set_extent(narrow, 1, 3);
  check_says(refusal(narrow), {"(Gemm)", "[batch, 3]"});
  onnx::ModelProto two = small_model();
  *two.mutable_graph()->add_output() = two.graph().output(0);
  check_says(refusal(two), {"outputs"});
  onnx::ModelProto old = small_model();
  old.mutable_opset_import(0)->set_version(5);
  check_says(refusal(old), {"opset 5"});
}

// Found by fuzzing: its dimensions were reordered before they were counted.
BOOST_AUTO_TEST_CASE(a_convolution_of_channels_last_wants_a_kernel) {
  for (const std::vector<std::int64_t>& dims : {std::vector<std::int64_t>{}, {1}, {1, 1}}) {
    onnx::ModelProto model = model_of({4, 4, 3});
    onnx::GraphProto& graph = *model.mutable_graph();
    add_weight(graph, "w", dims, {1});
    onnx::NodeProto& conv = add_node(graph, "Conv", {"x", "w"}, "y");
    conv.set_domain("qonnx.custom_op.channels_last");
    conv.set_name("c");
    check_says(refusal(model), {"'c' (Conv)", "no kernel"});
  }
}

BOOST_AUTO_TEST_CASE(external_data_stays_in_the_folder_of_its_file) {
  const TemporaryFolder folder;
  const std::filesystem::path inner = folder.path() / "net";
  std::filesystem::create_directory(inner);
  std::ofstream(folder.path() / "secret.bin") << std::string(4096, 'x');
  std::ofstream(inner / "weights.bin") << std::string(24, '\0');
  std::filesystem::create_symlink(folder.path() / "secret.bin", inner / "link.bin");
  const auto said = [&](const std::string& location, const std::string& offset) {
    return refusal(written(with_external_weight(location, offset), inner / "net.onnx"));
  };
  BOOST_TEST(said("weights.bin", "0") == "");
  check_says(said("../secret.bin", "0"), {"'w'", "leaves the model's folder"});
  check_says(said("a/../../secret.bin", "0"), {"leaves the model's folder"});
  check_says(said("link.bin", "0"), {"leaves the model's folder"});
  check_says(said((folder.path() / "secret.bin").string(), "0"), {"names no file"});
  check_says(said("", "0"), {"names no file"});
  check_says(said("gone.bin", "0"), {"is not there"});
  check_says(said(".", "0"), {"external data"});
  check_says(said("weights.bin", "8"), {"ends beyond its file"});
  check_says(said("weights.bin", "18446744073709551615"), {"ends beyond its file"});
  check_says(said("weights.bin", "-1"), {"offset '-1'"});
}
