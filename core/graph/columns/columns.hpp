// What readers of a graph look up, as columns over node ids: each group is made once and shared by
// all copies of the graph for which it holds. An edit of a format makes that node's profile anew,
// one of an attribute from which nothing follows (eps) touches none; rewiring makes new edges. Rows
// of removed nodes are blank. Immutable, so thread-safe.
#pragma once

#include "core/graph/columns/parameter_columns.hpp"
#include "core/graph/columns/profile_columns.hpp"

#include <unordered_map>

namespace lathe {

// Who stands where and who reads whom. Made by every commit that changes any of it.
struct EdgeColumns {
  std::vector<NodeId> order;
  std::vector<std::uint8_t> alive;
  std::vector<lathe_opcode> opcode;
  std::vector<std::uint32_t> op;  // symbol
  // Read by i, in argument order, repeats kept: inputs[input_begin[i]] up to input_begin[i + 1].
  std::vector<std::uint32_t> input_begin{0};
  std::vector<std::uint32_t> inputs;
  // Readers of i, each once, in order; made by add_uses.
  std::vector<std::uint32_t> use_begin{0};
  std::vector<std::uint32_t> uses;
  NodeId output = NodeId::none;

  std::span<const std::uint32_t> inputs_of(NodeId id) const {
    return std::span(inputs).subspan(input_begin[index_of(id)],
                                     input_begin[index_of(id) + 1] - input_begin[index_of(id)]);
  }
  std::span<const std::uint32_t> uses_of(NodeId id) const {
    return std::span(uses).subspan(use_begin[index_of(id)],
                                   use_begin[index_of(id) + 1] - use_begin[index_of(id)]);
  }

  void reserve(std::size_t rows, std::size_t inputs);
  void append(const Node& node);  // the row of the next id
  void append_blank();
  // The next rows, up to `end`, as they stand in `other`.
  void append_rows(const EdgeColumns& other, std::uint32_t end);
  void add_uses();  // REQUIRES: every input is a row
};
// All of it from the nodes, except the uses.
EdgeColumns edges_of(const NodeTable& nodes, std::vector<NodeId> order);

struct TextColumns {
  std::vector<lathe_str> op, name, target;  // point into `letters` and into the table of symbols
  std::shared_ptr<const std::vector<char>> letters;

  explicit TextColumns(const NodeTable& nodes);
  TextColumns(const TextColumns& other, std::span<const RemovedNode> removed);
};

struct ResultColumns {
  std::vector<lathe_dtype> dtype;
  std::vector<std::uint32_t> shape_begin;
  std::vector<std::int64_t> shape;

  explicit ResultColumns(const NodeTable& nodes);
  ResultColumns(const ResultColumns& other, std::span<const RemovedNode> removed);
};

// Ids by name. Names of nodes removed since are still in it.
struct NameIndex {
  std::shared_ptr<const std::vector<char>> letters;
  std::unordered_map<std::string_view, NodeId> ids;

  explicit NameIndex(const std::shared_ptr<const TextColumns>& texts);
};

// The groups of one graph.
struct GraphColumns {
  std::shared_ptr<const EdgeColumns> edges;
  std::shared_ptr<Lazy<TextColumns>> texts;
  std::shared_ptr<Lazy<ResultColumns>> results;
  std::shared_ptr<Lazy<NameIndex>> names;
  std::shared_ptr<LazyRows<ProfileColumns>> profiles;
  std::shared_ptr<Lazy<ParameterColumns>> parameters;

  static GraphColumns empty();
  void forget_texts();  // of a node that was added or renamed
  void forget_results();
  void forget_parameters();  // of which one is new, is gone or has other contents
  // Of nodes that were added, removed, inferred again or given other formats. REQUIRES: new edges.
  void renew_profiles(std::span<const NodeId> edited);
  void blank(std::span<const RemovedNode> removed);
};

}  // namespace lathe
