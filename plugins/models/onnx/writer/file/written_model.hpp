// A file of ONNX that is being made: its tensors, nodes and shapes under names of their own. Knows
// nothing about Lathe's graphs.
#pragma once

#include "../../file/extents.hpp"
#include "../settings.hpp"

#include <onnx/onnx_pb.h>

#include <set>
#include <string_view>
#include <variant>

namespace onnx_writer {

using onnx_reader::Extents;
using Attribute = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>>;
using Attributes = std::vector<std::pair<std::string, Attribute>>;

struct WrittenNode {
  std::string op, name;
  std::vector<std::string> inputs;
  Attributes attributes = {};
  std::string domain = {};
};

class WrittenModel {
 public:
  explicit WrittenModel(const Settings& settings);

  // A value's name that no other has: the wanted one, or that with a number.
  std::string fresh(std::string_view wanted);

  // Tensors of the file; their names are made fresh, and given back.
  std::string tensor(std::string_view name, int type, const std::vector<std::int64_t>& dims,
                     std::string_view bytes);
  std::string reals(std::string_view name, const std::vector<std::int64_t>& dims,
                    const std::vector<float>& numbers);
  std::string integers(std::string_view name, const std::vector<std::int64_t>& numbers);  // a list
  std::string number(std::string_view name, float x);                                     // rank 0

  // REQUIRES: `outputs` are fresh.
  void node(const WrittenNode& node, const std::vector<std::string>& outputs);
  void value(const std::string& name, int type, const Extents& extents);
  void input(const std::string& name, int type, const Extents& extents);
  void output(const std::string& name, int type, const Extents& extents);
  void entry(std::string_view key, std::string_view value);  // of the model's metadata

  std::int64_t nodes() const { return model_.graph().node_size(); }
  std::int64_t tensors() const { return model_.graph().initializer_size(); }
  // Throws lathe::error if it is too large for a file of ONNX.
  std::string bytes();
  const std::string& data() const { return data_; }  // of the file beside

 private:
  onnx::ModelProto model_;
  onnx::GraphProto& graph_;
  Settings settings_;
  std::set<std::string> names_, domains_;
  std::string data_;
};

}  // namespace onnx_writer
