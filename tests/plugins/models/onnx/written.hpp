// Files of ONNX that tests write.
#pragma once

#include "tests/support/support.hpp"

#include <onnx/onnx_pb.h>

#include <vector>

namespace lathe_test {

inline onnx::NodeProto& add_node(onnx::GraphProto& graph, const std::string& op,
                                 const std::vector<std::string>& inputs,
                                 const std::string& output) {
  onnx::NodeProto& node = *graph.add_node();
  node.set_op_type(op);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

inline void set_integer(onnx::NodeProto& node, const std::string& name, std::int64_t value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

inline void add_weight(onnx::GraphProto& graph, const std::string& name,
                       const std::vector<std::int64_t>& dims, const std::vector<float>& values) {
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t dim : dims) tensor.add_dims(dim);
  tensor.set_raw_data(values.data(), values.size() * sizeof(float));
}

inline void add_value(onnx::ValueInfoProto& info, const std::string& name,
                      const std::vector<std::int64_t>& dims) {
  info.set_name(name);
  onnx::TypeProto::Tensor& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t dim : dims) type.mutable_shape()->add_dim()->set_dim_value(dim);
}

// Opset 17, one input of a batch of 1.
inline onnx::ModelProto model_of(const std::vector<std::int64_t>& row) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  std::vector<std::int64_t> dims = {1};
  dims.insert(dims.end(), row.begin(), row.end());
  add_value(*model.mutable_graph()->add_input(), "x", dims);
  add_value(*model.mutable_graph()->add_output(), "y", {});
  return model;
}

// Two numbers to three: y = Gemm(x, w), w of shape [3, 2].
inline onnx::ModelProto small_model() {
  onnx::ModelProto model = model_of({2});
  add_weight(*model.mutable_graph(), "w", {3, 2}, {1, 2, 3, 4, 5, 6});
  set_integer(add_node(*model.mutable_graph(), "Gemm", {"x", "w"}, "y"), "transB", 1);
  return model;
}

inline onnx::ModelProto with_external_weight(const std::string& location,
                                             const std::string& offset) {
  onnx::ModelProto model = small_model();
  onnx::TensorProto& weight = *model.mutable_graph()->mutable_initializer(0);
  weight.clear_raw_data();
  weight.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto say = [&](const std::string& key, const std::string& value) {
    onnx::StringStringEntryProto& entry = *weight.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  };
  say("location", location);
  say("offset", offset);
  return model;
}

inline void set_extent(onnx::ModelProto& model, int dimension, std::int64_t extent) {
  model.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(dimension)
      ->set_dim_value(extent);
}

inline std::filesystem::path written(const onnx::ModelProto& model,
                                     const std::filesystem::path& file) {
  std::ofstream out(file, std::ios::binary);
  if (!model.SerializeToOstream(&out)) throw std::runtime_error("cannot write " + file.string());
  return file;
}

}  // namespace lathe_test
