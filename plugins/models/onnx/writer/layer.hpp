// One node of a network while it is written: its tensors, its attributes, and the nodes of the file
// that it becomes.
#pragma once

#include "network.hpp"

namespace onnx_writer {

class Layer {
 public:
  Layer(Network& network, const lathe::node& node, Naming naming);

  const lathe::node& node() const { return node_; }
  Network& network() { return network_; }
  std::int64_t opset() const { return network_.settings().opset; }
  bool is_qonnx() const { return network_.settings().quantization == Quantization::qonnx; }

  lathe::value_view attribute(std::string_view key) const { return node_.attribute(key); }
  // Of functions only what they are given is there; `otherwise` is PyTorch's default.
  std::int64_t integer(std::string_view key) const { return attribute(key).integer(); }
  std::int64_t integer(std::string_view key, std::int64_t otherwise) const;
  float real(std::string_view key, double otherwise) const;
  bool flag(std::string_view key, bool otherwise = false) const;
  // Of so many dimensions: a list, or one number for all.
  std::vector<std::int64_t> extents(std::string_view key, std::size_t dims) const;
  std::vector<std::int64_t> extents(std::string_view key, std::size_t dims,
                                    std::int64_t otherwise) const;

  // What is given for an argument, by its place or its name; none: it is not.
  lathe::value_view argument(std::uint64_t i, std::string_view key) const;
  // Which of the tensors that it reads an argument is; nothing: it is none.
  std::optional<std::size_t> input_of(lathe::value_view argument) const;

  // Tensors that it reads, in order; input() gives the value with the format that sits on it.
  std::size_t inputs() const { return inputs_.size(); }
  std::string input(std::size_t i);
  const std::string& plain_input(std::size_t i) const;
  int type_of_input(std::size_t i) const;
  const Extents& extents_of_input(std::size_t i) const;
  std::optional<Quantizer> quantizer_of_input(std::size_t i);

  // A parameter of the module, or the input of a function in its role: "weight", "bias".
  bool has(std::string_view role) const;
  std::string parameter(std::string_view role);
  // The same of a matrix, the other way round.
  std::string transposed_parameter(std::string_view role);
  std::vector<std::int64_t> dims_of(std::string_view role) const;

  const Extents& extents() const { return network_.extents_of(node_); }  // of its result
  // Numbers of the file, beside it.
  std::string number(std::string_view what, float x);
  std::string integers(std::string_view what, const std::vector<std::int64_t>& numbers);

  // A node before the last; `extents` of what it makes, those of the result if none are given;
  // `type`: float32 if it is 0.
  std::string make(std::string_view op, const std::vector<std::string>& inputs,
                   const Attributes& attributes = {}, const Extents* extents = nullptr,
                   int type = 0);
  // The same of several results.
  std::vector<std::string> make_parts(std::string_view op, const std::vector<std::string>& inputs,
                                      const Attributes& attributes,
                                      const std::vector<Extents>& extents, int type = 0);
  // A value between two products of the layer through the format of its data_in.
  std::string inner(const std::string& value, std::string_view what, const Extents& extents);
  // The last. `then`: what quantizes its result besides the format on it.
  void result(std::string_view op, const std::vector<std::string>& inputs,
              const Attributes& attributes = {}, const std::optional<Quantizer>& then = {});
  // The same of a node that makes several tensors: of all in one node, or as nodes before made
  // them.
  void parts(std::string_view op, const std::vector<std::string>& inputs,
             const Attributes& attributes, const std::vector<Extents>& extents);
  void parts(std::vector<Value> made);
  // It is numbers of the file.
  void constant(const std::string& name);
  // It makes what it reads.
  void same();
  // One of the several tensors that the node before it makes.
  bool is_part() const;
  void part(std::int64_t i);

 private:
  std::optional<std::size_t> input_in(std::string_view role) const;
  std::string quantized(const std::string& value, const Quantizer& quantizer,
                        const lathe::operand& operand, const std::string& name,
                        const Extents& extents);
  void finish(Value value);

  Network& network_;
  lathe::node node_;
  NodeNames::Scope names_;
  std::vector<lathe::node> inputs_;       // that make tensors
  std::vector<lathe::operand> operands_;  // of them
};

}  // namespace onnx_writer
