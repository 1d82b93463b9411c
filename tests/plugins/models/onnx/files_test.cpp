// The files of data/onnx against other programs' numbers (golden/onnx.json, made by onnxruntime).
#include "networks.hpp"

#include <zlib.h>

#include <sstream>

using namespace lathe_test;

namespace {

std::filesystem::path file_of(const std::string& name) {
  return data_dir() / "onnx" / (name.ends_with(".onnx") ? name : name + ".onnx");
}

Tensor input_of(const json& golden) {
  return ruled_input(golden.at("shape").get<std::vector<std::int64_t>>(),
                     golden.at("rule").get<std::string>());
}

// What a large output is given as.
void check_digest(const Tensor& output, const json& golden) {
  const std::vector<float> values = values_of(output);
  const auto every = golden.at("every").get<std::size_t>();
  const std::vector<float> some = numbers(golden.at("values"));
  for (std::size_t i = 0; i < some.size(); ++i) BOOST_TEST(values.at(i * every) == some[i]);
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(values.data()),
                         static_cast<uInt>(values.size() * sizeof(float)));
  BOOST_TEST(crc == golden.at("crc32_of_little_endian_float32").get<std::uint32_t>());
}

Tensor images(std::int64_t count, float scale) {
  const std::string path = (data_dir() / "mnist" / "t10k-images-idx3-ubyte.gz").string();
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) skip("no file " + path);
  std::vector<unsigned char> bytes(16 + static_cast<std::size_t>(count) * 784);
  const int read = gzread(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  BOOST_TEST_REQUIRE(read == static_cast<int>(bytes.size()));
  std::vector<float> values;
  for (std::size_t i = 16; i < bytes.size(); ++i) {
    values.push_back(static_cast<float>(bytes[i]) / scale);
  }
  return floats(Shape{count, 1, 28, 28}, values);
}

Tensor jets() {
  std::ifstream in(data_dir() / "jsc" / "jsc_hlf_test100_standardized.csv");
  std::string line, cell;
  std::getline(in, line);
  std::vector<float> values;
  for (int row = 0; row < 100 && std::getline(in, line); ++row) {
    std::stringstream cells(line);
    for (int column = 0; column < 16 && std::getline(cells, cell, ','); ++column) {
      values.push_back(std::stof(cell));
    }
  }
  if (values.empty()) skip("no file of jets");
  return floats(Shape{100, 16}, values);
}

void check_classes(const json& score) {
  const auto model = score.at("model").get<std::string>();
  const auto rows = score.at("rows").get<std::int64_t>();
  const Tensor input =
      rows == 100
          ? jets()
          : images(rows, model.find("mnist") == 0 || model.find("qonnx__") == 0 ? 1.0F : 255.0F);
  const std::vector<float> values = values_of(computed(network(file_of(model), rows), input));
  const std::size_t classes = values.size() / static_cast<std::size_t>(rows);
  const auto predicted = score.at("predicted").get<std::string>();
  const auto truth = score.at("truth").get<std::string>();
  std::int64_t correct = 0, other = 0;
  for (std::size_t row = 0; row < predicted.size(); ++row) {
    const std::size_t best = largest({values.data() + row * classes, classes});
    other += best != static_cast<std::size_t>(predicted[row] - '0') ? 1 : 0;
    correct += best == static_cast<std::size_t>(truth[row] - '0') ? 1 : 0;
  }
  BOOST_TEST(other == 0, model);
  BOOST_TEST_MESSAGE(model << ": " << correct << " of " << rows);
  BOOST_TEST(correct == score.at("correct").get<std::int64_t>(), model);
}

}  // namespace

BOOST_AUTO_TEST_CASE(files_of_others_compute_what_onnxruntime_does) {
  const json files = golden_json("onnx.json").at("files");
  BOOST_TEST(files.size() == 14U);
  for (const auto& [name, golden] : files.items()) {
    BOOST_TEST_CONTEXT(name) {
      const Tensor input = input_of(golden.at("input"));
      const json& output = golden.at("output");
      try {
        const Graph graph = network(file_of(name), input.shape()[0]);
        const Tensor result = computed(graph, input);
        BOOST_TEST(result.shape() == Shape(output.at("shape").get<std::vector<std::int64_t>>()));
        if (output.contains("data")) {
          const double off = difference(values_of(result), numbers(output.at("data")));
          BOOST_TEST_MESSAGE(name << ": " << off);
          BOOST_TEST(off < 1e-5);
        } else {
          check_digest(result, output);
        }
      } catch (const lathe::Error& error) {
        BOOST_ERROR(error.what());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(files_of_others_score_class_by_class_what_onnxruntime_does) {
  const json scores = golden_json("onnx.json").at("scores");
  for (const json& score : scores) {
    try {
      check_classes(score);
    } catch (const lathe::Error& error) {
      BOOST_ERROR(error.what());
    }
  }
}

BOOST_AUTO_TEST_CASE(rows_of_a_binary_network_are_those_of_onnxruntime) {
  const json golden =
      golden_json("onnx.json").at("files").at("qonnx_zoo__unsw_nb15-mlp-w2a2").at("rows");
  const auto dims = golden.at("input_shape").get<std::vector<std::int64_t>>();
  const Tensor input = ruled_input(dims, golden.at("rule").get<std::string>());
  const Graph graph = network(file_of("qonnx_zoo__unsw_nb15-mlp-w2a2"), dims[0]);
  BOOST_TEST(values_of(computed(graph, input)) == numbers(golden.at("output").at("data")),
             boost::test_tools::per_element());
}
