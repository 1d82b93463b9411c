// The network that a file is, made node by node: what each value of the file is in Lathe's graph.
#pragma once

#include "file/fold.hpp"
#include "format.hpp"
#include "names.hpp"
#include "operators.hpp"

#include <functional>

namespace onnx_reader {

// A value of the file. One of three: contents that are known, integers that follow from shapes, or
// a tensor of the network.
struct Value {
  ConstantPtr constant;

  std::optional<Extents> integers;
  bool is_scalar = false;  // of integers: of rank 0

  lathe::node_id node;
  Extents extents;                 // as the file has them
  std::vector<std::size_t> order;  // of which dimension i is the node's order[i]; empty: as it is
  int type = 0;

  FormatPtr format;  // of its numbers: what reads them quantizes them so. Of constants too

  bool is_tensor() const { return constant == nullptr && !integers; }
  std::size_t rank() const;
};

// A weight or bias of a module, and its number format.
struct Weight {
  ConstantPtr constant;
  FormatPtr format;
};

class Network {
 public:
  using Warn = std::function<void(const std::string&)>;
  // Contents that parameters are promised are appended to `promised`: their places are the numbers.
  Network(const Graph& graph, lathe::edit& edit, std::vector<ConstantPtr>& promised, Warn warn);

  void build();

  // What translations need.
  const Graph& graph() const { return graph_; }
  const Value& input(const Node& node, std::size_t i) const;
  const Value* find(const std::string& name) const;  // null: not made yet
  // Makes a Constant that stands further down the file.
  void make(const std::string& name);
  // Throws lathe::error if it is left out or is none.
  const Value& tensor_input(const Node& node, std::size_t i) const;
  Weight weight_input(const Node& node, std::size_t i) const;
  std::vector<std::int64_t> small_integers(const Node& node, std::size_t i) const;
  void set(const Node& node, Value value, std::size_t output = 0);
  void warn(const std::string& text);  // once
  Names& names() { return names_; }

  // The node whose dimensions lie as the file's do.
  lathe::node_id plain(const Value& value);
  // The same of a constant, which becomes a node.
  lathe::node_id node_of(const Value& value);

  // The batch, as a size of the first input.
  lathe::node_id batch();

  // Nodes of the graph.
  lathe::node_id module(std::string_view op, const std::string& target, lathe::node_id x,
                        std::vector<lathe::value::entry> attributes);
  lathe::node_id function(std::string_view op, std::vector<lathe::value> args,
                          const std::string& name = {},
                          std::vector<lathe::value::entry> kwargs = {});
  void give(lathe::node_id node, std::string_view parameter, const ConstantPtr& contents);
  void give_format(lathe::node_id node, std::string_view op, std::string_view role,
                   const FormatPtr& format);
  // On what a node makes.
  void give_output_format(lathe::node_id node, const FormatPtr& format);
  bool has_output_format(lathe::node_id node) const { return formatted_.count(node.index) > 0; }

  // An Unsqueeze before a norm and the Squeeze behind it, which undo each other.
  void dissolve(const Node& node) { dissolved_.insert(node.number()); }
  bool is_dissolved(const Node& node) const { return dissolved_.count(node.number()) > 0; }

  // A node of one tensor that becomes a module of `op`, or a function where it is none of torch's;
  // its dimensions stay. `last`: the node whose result it is, of those that it is written out in.
  void elementwise(const Node& node, std::string_view op,
                   std::vector<lathe::value::entry> attributes = {}, const Node* last = nullptr,
                   std::size_t parts = 1);
  // The same of an op that has no module.
  void function_of_one(const Node& node, std::string_view op,
                       std::vector<lathe::value::entry> kwargs = {});

  // Whether an addition is part of the layer before it, its bias; set by the layer.
  struct Merged {
    const Node* layer = nullptr;
    std::size_t bias = 0;  // which input of the addition
  };
  // The addition after `layer` that holds its bias: of `channels` numbers, along the dimension that
  // many from the end; null if there is none.
  const Node* bias_of(const Node& layer, std::int64_t channels, std::size_t from_end, Merged& out);
  // A node that another has made already, with its result.
  void skip(const Node& node) { skipped_.insert(node.number()); }

 private:
  void add_inputs();
  void set_same_shape(const Node& node, const Node& last, lathe::node_id made, std::string_view op);
  void translate(const Node& node);
  void finish();

  const Graph& graph_;
  lathe::edit& edit_;
  std::vector<ConstantPtr>& promised_;
  Warn warn_;
  Names names_;
  std::map<std::string, Value> values_;
  std::map<std::string, lathe::node_id> constant_nodes_;
  std::set<std::string> told_;
  std::set<std::size_t> skipped_, dissolved_;
  std::set<std::uint32_t> formatted_;  // nodes with a format on what they make
  std::size_t unnamed_constants_ = 0;
  std::optional<lathe::node_id> batch_;
};

// The whole of it: checks the file and makes its network. `folder` is the file's. Throws
// lathe::error, of one line.
void read_network(std::shared_ptr<const onnx::ModelProto> model, const std::string& folder,
                  lathe::edit& edit, std::vector<ConstantPtr>& promised, Network::Warn warn);

}  // namespace onnx_reader
