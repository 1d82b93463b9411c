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
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>

namespace lathe {

class OpSet;
struct GraphIndex;  // order, names and readers of a graph (graph/index.hpp)

class Graph {
 public:
  Graph();
  // `seed` keys the initialisers; `ops` is the op table, by default the built-in dialect.
  explicit Graph(std::uint64_t seed, const OpSet* ops = nullptr);

  std::span<const NodeId> order() const;
  const Node& node(NodeId id) const;  // REQUIRES: alive
  bool alive(NodeId id) const;
  std::size_t slots() const { return nodes_.size(); }  // ids are 0 .. slots-1
  NodeId find(std::string_view name) const;            // NodeId::none if there is none
  std::vector<NodeId> users(NodeId id) const;          // each once, in order
  std::vector<NodeId> placeholders() const;
  NodeId output() const;
  const OpSet& ops() const { return *ops_; }
  std::uint64_t seed() const { return seed_; }
  std::uint32_t epoch() const { return epoch_; }  // grows with every commit

  // Every parameter (and buffer) in node order; one that several nodes share comes once.
  struct Named {
    NodeId node;
    const Parameter* parameter;
  };
  std::vector<Named> parameters() const;
  std::int64_t parameter_count() const;  // elements, buffers left out

  // The same graph for another batch size: placeholder shapes and everything inferred from them.
  Graph with_batch(std::int64_t batch) const;
  std::int64_t batch() const;
  // The same graph with contents: (qualified name, tensor). Unknown names, wrong shapes and wrong
  // types throw run_error; parameters that are not named keep what they have.
  Graph with_parameters(const std::map<std::string, Tensor>& contents) const;

  // Content hash of a node: op, attributes, formats, parameters and buffers, hashes of its inputs.
  // The batch size does not count.
  ContentHash hash(NodeId id) const;

 private:
  friend class Transaction;

  // Hashes of all nodes by id, made on first read, shared by copies.
  class HashMemo {
   public:
    using Hashes = std::shared_ptr<const std::vector<ContentHash>>;
    HashMemo() = default;
    HashMemo(const HashMemo& other) : hashes_(other.get()) {}
    HashMemo& operator=(const HashMemo& other) {
      set(other.get());
      return *this;
    }
    Hashes get() const;
    void set(Hashes hashes) const;

   private:
    mutable std::mutex mutex_;
    mutable Hashes hashes_;
  };

  std::vector<std::shared_ptr<const Node>> nodes_;  // null: removed
  std::shared_ptr<const GraphIndex> index_;         // shared until the structure changes
  HashMemo hashes_;
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

// Changes to one graph, applied all together or not at all. A change that can be seen to be wrong
// throws at once, the rest is found by commit; either way the graph stays as it was.
class Transaction {
 public:
  explicit Transaction(Graph& graph);  // the graph must outlive it

  // The node has its name from here on; results and parameters come with commit.
  NodeId add(NodeSpec spec);
  const Node& node(NodeId id) const;  // as drafted
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
  using Names = std::unordered_map<std::string, NodeId>;

  Node& writable(NodeId id);
  void check_open() const;
  void check_alive(NodeId id) const;
  Names& names();
  std::string free_name(std::string candidate);
  void infer_changed();
  void share_parameters();
  void apply_contents();
  void drop_empty_formats();

  Graph& target_;
  Graph draft_;
  std::vector<NodeId> order_;
  std::vector<bool> touched_;  // nodes of our own, which may be written
  std::vector<bool> stale_;    // nodes whose results must be inferred again
  struct Content {
    NodeId node;
    std::string parameter;
    Tensor tensor;
  };
  std::vector<Content> contents_;                            // given, once shapes are known
  std::unordered_map<std::uint32_t, std::string> removed_;   // names, for messages
  std::optional<Names> names_;                               // made when first needed
  std::unordered_map<std::string, std::uint64_t> suffixes_;  // last one given, by base name
  bool structural_ = false;  // results or readers may change, not only formats and contents
  bool open_ = true;
};

// Throws an error that names the node, for the first rule a graph breaks.
void verify(const Graph& graph);

// torch.fx's naming: "seq_blocks.2" -> "seq_blocks_2", numbered if taken.
std::string fx_name(std::string_view target, const std::vector<std::string>& taken);

}  // namespace lathe
