// The graph of a file, checked: every name is made once, before it is read, every operator and
// attribute is known. What follows need not doubt it. Knows nothing about Lathe's graphs.
#pragma once

#include "file/constant.hpp"

#include <map>
#include <set>

namespace onnx_reader {

struct Operator;  // a row of the table, operators.hpp

class Node {
 public:
  Node(const onnx::NodeProto& proto, const Operator& row, std::size_t number)
      : proto_(&proto), row_(&row), number_(number) {}

  const Operator& row() const { return *row_; }
  const std::string& name() const { return proto_->name(); }
  const std::string& op() const { return proto_->op_type(); }
  std::size_t number() const { return number_; }  // its place in the file
  std::size_t inputs() const { return static_cast<std::size_t>(proto_->input_size()); }
  // Empty: left out.
  const std::string& input(std::size_t i) const;
  bool has_input(std::size_t i) const { return !input(i).empty(); }
  std::size_t outputs() const { return static_cast<std::size_t>(proto_->output_size()); }
  const std::string& output(std::size_t i) const { return proto_->output(static_cast<int>(i)); }

  bool has(std::string_view attribute) const { return find(attribute) != nullptr; }
  // Throw lathe::error if the attribute is of another kind.
  std::int64_t integer(std::string_view attribute, std::int64_t otherwise) const;
  double real(std::string_view attribute, double otherwise) const;
  std::string word(std::string_view attribute, std::string_view otherwise) const;
  std::vector<std::int64_t> integers(std::string_view attribute,
                                     std::vector<std::int64_t> otherwise = {}) const;
  const onnx::AttributeProto* find(std::string_view attribute) const;

 private:
  const onnx::AttributeProto* of_type(std::string_view attribute, int type, const char* kind) const;

  const onnx::NodeProto* proto_;
  const Operator* row_;
  std::size_t number_;
};

// "node 'conv1' (Conv)"; of one without a name, what it makes: "node of 'y' (Conv)".
std::string described(const onnx::NodeProto& node);
std::string described(const Node& node);

struct Input {
  std::string name;
  int type = 0;
  std::vector<std::int64_t> row;  // extents behind the batch
};

struct Graph {
  std::shared_ptr<const onnx::ModelProto> model;
  std::string folder;       // of the file
  std::vector<Node> nodes;  // each after what it reads; those that the output needs
  std::map<std::string, ConstantPtr> constants;
  std::vector<Input> inputs;
  std::int64_t batch = 0;  // of the file; 0: open
  std::string output;
  std::int64_t opset = 1;  // of ONNX's own operators

  // Numbers of the nodes that read a value, each once; of those in `nodes`.
  std::map<std::string, std::vector<std::size_t>> readers;
  const std::vector<std::size_t>& readers_of(const std::string& value) const;
  const Node* maker_of(const std::string& value) const;  // null: an input or a constant
  std::map<std::string, std::size_t> makers;             // index in `nodes`
};

// `folder`: of the file, for external data. Throws lathe::error; what is not known is named all at
// once.
Graph checked(std::shared_ptr<const onnx::ModelProto> model, const std::string& folder);

}  // namespace onnx_reader
