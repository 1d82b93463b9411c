// What the tests of the pass write_onnx share: networks as files, and what stands in these.
#pragma once

#include "networks.hpp"

#include <onnx/onnx_pb.h>

#include <set>

namespace lathe_test {

// The file that the pass writes of the graph, in that folder.
inline std::filesystem::path exported(const Graph& graph, const std::filesystem::path& folder,
                                      const json& options = json::object()) {
  Workbench bench;
  bench.context.folder = folder;
  Graph copy = graph;
  bench.run("write_onnx", copy, options);
  return folder / "write_onnx" / options.value("file", "model.onnx");
}

inline onnx::ModelProto parsed(const std::filesystem::path& file) {
  onnx::ModelProto model;
  std::ifstream in(file, std::ios::binary);
  BOOST_REQUIRE(model.ParseFromIstream(&in));
  return model;
}

inline std::set<std::string> initialisers_of(const onnx::ModelProto& model) {
  std::set<std::string> names;
  for (const onnx::TensorProto& tensor : model.graph().initializer()) names.insert(tensor.name());
  return names;
}

inline std::vector<std::string> operators_of(const onnx::ModelProto& model) {
  std::vector<std::string> ops;
  for (const onnx::NodeProto& node : model.graph().node()) ops.push_back(node.op_type());
  return ops;
}

// "[batch,3,32]"
inline std::string shape_of(const onnx::ValueInfoProto& value) {
  std::string text;
  for (const auto& dim : value.type().tensor_type().shape().dim()) {
    text += (text.empty() ? "" : ",") +
            (dim.has_dim_param() ? dim.dim_param() : std::to_string(dim.dim_value()));
  }
  return "[" + text + "]";
}

// Of the graph's input.
inline Tensor sine_input(const Graph& graph) {
  return ruled_input(graph.node(graph.placeholders().at(0)).result.shape.dims(), "sin");
}

inline std::vector<float> outputs_of(const Graph& graph) {
  return values_of(computed(graph, sine_input(graph)));
}

inline json quantized_as(const json& format) {
  return {{"by", "type"}, {"default", {{"name", nullptr}}}, {"linear", format}};
}

inline Graph with_formats(const Graph& graph, const json& options) {
  Workbench bench(graph.batch());
  Graph changed = graph;
  bench.run("quantize", changed, options);
  return changed;
}

}  // namespace lathe_test
