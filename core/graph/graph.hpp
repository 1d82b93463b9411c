// A neural network as torch.fx sees it: nodes in execution order. A graph is a value: copies are
// cheap (nodes are shared and copied on write, parameters are shared and immutable), and only a
// Transaction changes one.
//
// Invariants of every graph a reader can see: names are unique, every argument precedes its
// reader, exactly one output ends the order, results are inferred. Ids are never reused.
// Thread-safe for readers.
#pragma once

#include "core/graph/node.hpp"

#include <map>
#include <span>

namespace lathe {

class OpSet;

class Graph {
 public:
  Graph() = default;
  // `seed` keys the initialisers; `ops` is the op table, by default the built-in dialect.
  explicit Graph(std::uint64_t seed, const OpSet* ops = nullptr);

  std::span<const NodeId> order() const { return order_; }
  const Node& node(NodeId id) const;  // REQUIRES: alive
  bool alive(NodeId id) const;
  std::size_t slots() const { return nodes_.size(); }  // ids are 0 .. slots-1
  NodeId find(std::string_view name) const;            // NodeId::none if there is none
  std::vector<NodeId> users(NodeId id) const;
  std::vector<NodeId> placeholders() const;
  NodeId output() const;
  const OpSet& ops() const { return *ops_; }
  std::uint64_t seed() const { return seed_; }
  std::uint32_t epoch() const { return epoch_; }  // grows with every commit

  // Every parameter (and buffer) in node order.
  struct Named {
    NodeId node;
    const Parameter* parameter;
  };
  std::vector<Named> parameters() const;
  std::int64_t parameter_count() const;  // elements, buffers left out

  // The same graph for another batch size: placeholder shapes and everything inferred from them.
  Graph with_batch(std::int64_t batch) const;
  std::int64_t batch() const;
  // The same graph with contents: (qualified name, tensor). Unknown names and wrong shapes throw.
  Graph with_parameters(const std::map<std::string, Tensor>& contents) const;

  // Content hash of a node: op, attributes, formats, parameters and buffers, hashes of its inputs.
  ContentHash hash(NodeId id) const;

 private:
  friend class Transaction;
  std::vector<std::shared_ptr<const Node>> nodes_;  // null: removed
  std::vector<NodeId> order_;
  const OpSet* ops_ = nullptr;
  std::uint64_t seed_ = 0;
  std::uint32_t epoch_ = 0;
};

// What an added node says; the rest follows from the op table.
struct NodeSpec {
  Opcode opcode = Opcode::call_module;
  std::string op;
  std::string target;
  std::string name;  // wish; empty: torch.fx's rule
  std::vector<Argument> args;
  std::vector<std::pair<std::string, Argument>> kwargs;
  Value attributes{Value::Map{}};
  NodeId after = NodeId::none;  // none: before the output, or last
};

// Changes to one graph, applied all together or not at all.
class Transaction {
 public:
  explicit Transaction(Graph& graph);  // the graph must outlive it

  NodeId add(NodeSpec spec);
  void set_args(NodeId node, std::vector<Argument> args);
  void replace_uses(NodeId node, NodeId replacement);
  void remove(NodeId node);  // commit refuses a node that is still read
  void set_attribute(NodeId node, std::string_view key, Value value);
  void rename(NodeId node, std::string_view name);
  void set_parameter(NodeId node, std::string_view name, Tensor tensor);
  void set_format(NodeId node, OperandFormat format);
  void clear_format(NodeId node, std::string_view role);

  // Verifies, infers what changed and swaps it in. On the first error it throws, naming the node,
  // and the graph stays as it was.
  void commit();

 private:
  Node& writable(NodeId id);
  Graph& target_;
  Graph draft_;
  std::vector<bool> touched_;
};

// Throws an error that names the node, for the first rule a graph breaks.
void verify(const Graph& graph);

// torch.fx's naming: "seq_blocks.2" -> "seq_blocks_2", numbered if taken.
std::string fx_name(std::string_view target, const std::vector<std::string>& taken);

}  // namespace lathe
