// A neural network as torch.fx sees it: nodes in execution order. A graph is a value: copies cost
// nothing (nodes and columns are shared and copied on write, parameters are shared and immutable),
// and only a Transaction changes one.
//
// Invariants of every graph a reader can see: names are unique, every argument precedes its
// reader, exactly one output ends the order, results are inferred. Ids are never reused.
// Thread-safe for readers.
#pragma once

#include "core/graph/columns/columns.hpp"
#include "core/graph/hash.hpp"
#include "core/graph/parameters/ties.hpp"

#include <map>
#include <span>

namespace lathe {

class OpSet;

class Graph {
 public:
  Graph();
  // `seed` keys the initialisers; `ops` must outlive all copies: by default the built-in dialect.
  explicit Graph(std::uint64_t seed, const OpSet* ops = nullptr);

  std::span<const NodeId> order() const;
  const Node& node(NodeId id) const;  // REQUIRES: alive
  const Value& attributes(NodeId id) const { return nodes_.attributes(id).values; }  // the same
  bool alive(NodeId id) const;
  std::size_t slots() const { return nodes_.size(); }  // ids are 0 .. slots-1
  NodeId find(std::string_view name) const;            // NodeId::none if there is none
  std::vector<NodeId> users(NodeId id) const;          // each once, in order
  std::vector<NodeId> placeholders() const;
  NodeId output() const;
  const NodeTable& nodes() const { return nodes_; }
  // Made on first read, and shared with every copy for which they hold.
  std::shared_ptr<const EdgeColumns> edges() const { return columns_.edges; }
  std::shared_ptr<const TextColumns> texts() const;
  std::shared_ptr<const ResultColumns> results() const;
  std::shared_ptr<const ProfileColumns> profiles() const;
  std::shared_ptr<const ParameterColumns> parameter_columns() const;
  const OpSet& ops() const { return *ops_; }
  std::uint64_t seed() const { return seed_; }
  std::uint32_t epoch() const { return epoch_; }  // grows with every commit
  // The same graph, of an epoch behind that of one whose place it takes.
  Graph after(const Graph& earlier) const;

  // Every parameter (and buffer) in node order; one that several nodes share comes once.
  struct Named {
    NodeId node;
    const Parameter* parameter;
  };
  std::vector<Named> parameters() const;
  std::int64_t parameter_count() const;  // elements; buffers and state of formats left out

  // The same graph for another batch size: placeholder shapes and everything inferred from them.
  Graph with_batch(std::int64_t batch) const;
  std::int64_t batch() const;
  // The same graph with contents: (qualified name, tensor). Unknown names, wrong shapes and wrong
  // types throw run_error; parameters that are not named keep what they have.
  Graph with_parameters(const std::map<std::string, Tensor>& contents) const;
  // The same graph and contents, those of the nodes of these names as nobody trained them. Names
  // that it does not have are passed over.
  Graph with_untrained(const std::vector<std::string>& nodes) const;

  // State of number formats that a checkpoint has, by qualified name, for formats that are still to
  // be set: whoever takes that name starts with it. It is no part of what the graph computes.
  Graph with_spare_state(std::map<std::string, Tensor> contents) const;
  const std::map<std::string, Tensor>& spare_state() const;

  // The same graph, in which parameters of these names are one. REQUIRES: it has no nodes yet.
  Graph with_ties(Ties ties) const;
  const Ties& ties() const;

  // Content hash of a node: op, attributes, formats, parameters and buffers, hashes of its inputs.
  // The batch size does not count.
  ContentHash hash(NodeId id) const;

 private:
  friend class Transaction;

  NodeTable nodes_;
  GraphColumns columns_;
  HashMemo hashes_;
  std::shared_ptr<const std::map<std::string, Tensor>> spare_state_;  // null: none
  std::shared_ptr<const Ties> ties_;                                  // null: none
  const OpSet* ops_ = nullptr;
  std::uint64_t seed_ = 0;
  std::uint32_t epoch_ = 0;
  bool shares_modules_ = false;  // false: no two nodes have one module
  bool shares_weights_ = false;  // false: no two nodes use one weight
};

}  // namespace lathe
