// A network as it becomes a file: which value each node makes, and what is written of parameters.
// Translations (translations.hpp) say what each op is.
#pragma once

#include "file/written_model.hpp"
#include "node_names.hpp"
#include "problems.hpp"
#include "quantization/quantizer.hpp"
#include "shapes.hpp"

#include <map>

namespace onnx_writer {

// What a pass has of a network.
struct Source {
  lathe::graph graph;
  lathe::weights weights;
  lathe::formats formats;
  lathe::context host;
};

// A value of the file.
struct Value {
  std::string name;
  int type = 0;
  bool is_made = false;  // by a node: it can be the network's output
};

int type_of(lathe_dtype dtype);

class Network {
 public:
  Network(const Source& source, const Settings& settings, WrittenModel& model);

  // Throws lathe::error that names every node with what ONNX does not have of it.
  void write();
  std::int64_t quantizers() const { return quantizers_; }
  bool is_open() const { return shapes_.is_open(); }

  // What layers need.
  WrittenModel& model() { return model_; }
  const Settings& settings() const { return settings_; }
  const Source& source() const { return source_; }
  NodeNames& names() { return names_; }
  Problems& problems() { return problems_; }
  const Extents& extents_of(lathe::node_id node) const { return shapes_.of(node); }
  const Value& value_of(lathe::node_id node) const { return values_.at(node.index); }
  void set(lathe::node_id node, Value value) { values_[node.index] = std::move(value); }
  // The same of a node that makes several tensors; throws lathe::error if it has no such part.
  Value part_of(lathe::node_id node, std::int64_t part) const;
  void set_parts(lathe::node_id node, std::vector<Value> parts) {
    parts_[node.index] = std::move(parts);
  }

  // The format that sits on a tensor of a node; none: it has none, or the file is to have none.
  std::optional<lathe::used_format> format_of(lathe::node_id node, const lathe::operand& operand,
                                              std::uint32_t input = 0);
  // The value through a quantizer, which is written once for all that read it so.
  std::string quantized(const std::string& value, const Quantizer& quantizer,
                        const std::string& name, const Extents& extents);
  // A parameter of a node with its format; `transposed`: a matrix, the other way round.
  std::string parameter(const lathe::node& node, const lathe::operand& operand, bool transposed);
  // The first input of the network, whose first extent is the batch.
  const std::string& first_input() const { return first_input_; }

 private:
  void write(const lathe::node& node);
  void write_input(const lathe::node& node);
  void write_constant(const lathe::node& node);
  void write_output(const lathe::node& node);
  std::string write_parameter(const lathe::node& node, const lathe::operand& operand,
                              const std::optional<lathe::used_format>& format, bool transposed);
  std::string write_numbers(const QuantizedParameter& parameter,
                            const std::vector<std::int64_t>& dims, const std::string& name,
                            bool has_format, lathe_role role);

  Source source_;
  const Settings& settings_;
  WrittenModel& model_;
  Shapes shapes_;
  NodeNames names_;
  Problems problems_;
  std::map<std::uint32_t, Value> values_;              // by node
  std::map<std::uint32_t, std::vector<Value>> parts_;  // by node
  struct Written {
    Quantizer quantizer;
    std::string result;
  };
  std::map<std::string, std::vector<Written>> quantized_;  // by value
  std::map<std::string, std::string> parameters_;          // by contents, format and layout
  std::string first_input_;
  std::int64_t quantizers_ = 0;
  std::int64_t left_out_ = 0;  // formats
};

}  // namespace onnx_writer
