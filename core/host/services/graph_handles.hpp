// The graphs, transactions and node options that one call can reach. A plugin holds pointers to
// them as opaque handles; every handle that comes back is looked up here before it is believed.
#pragma once

#include "core/graph/transaction.hpp"
#include "core/host/dataset.hpp"
#include "core/host/services/graph_view.hpp"
#include "core/options/nodes/node_map.hpp"

#include <lathe/svc/edit.h>
#include <lathe/svc/options.h>

#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace lathe {
class Call;
class GraphHandles;
}  // namespace lathe

// One transaction. `transaction` is null once it is committed or dropped.
struct lathe_edit {
  lathe_graph* graph = nullptr;
  std::unique_ptr<lathe::Transaction> transaction;
  bool builds_model = false;     // placeholders take what they do not say from the data set
  std::size_t placeholders = 0;  // added so far
  // What reads contents that the model promises under a number; empty: it has none.
  std::function<lathe::ContentReader(std::uint64_t source)> promised;
};

struct lathe_graph {
  const lathe::Graph* graph = nullptr;
  lathe::Graph* editable = nullptr;     // null: nobody may change it in this call
  std::unique_ptr<lathe::Graph> owned;  // of copies
  std::unique_ptr<lathe::GraphView> view;
  std::vector<std::unique_ptr<lathe::GraphView>> earlier_views;  // valid until the call ends
  std::vector<std::unique_ptr<lathe_edit>> edits;                // the last one may be open
};

namespace lathe {

// Throws PluginMistake if the graph has no such node.
NodeId node_of(const lathe_graph& graph, std::uint32_t node);

class GraphHandles {
 public:
  explicit GraphHandles(Call& call) : call_(call) {}

  // A graph that the plugin may read; `editable` (null, or the same graph) it may change.
  lathe_graph* add(const Graph& graph, Graph* editable);
  lathe_graph* copy(const lathe_graph* of);
  lathe_graph* own(Graph graph);  // that may be edited and given back, as a copy
  // The graph before the first pass of the run: the context's, else the one the pass was given.
  const lathe_graph* original();
  bool is_original(const lathe_graph& handle) const { return &handle == original_; }
  void set_original(const Graph& graph) { original_graph_ = &graph; }

  // Drops a copy, with its views and transactions.
  void release(const lathe_graph* copy);

  // Throw PluginMistake if it is none of this call's.
  lathe_graph& find(const lathe_graph* handle);
  lathe_edit& find(const lathe_edit* handle);  // also if it is committed or dropped

  GraphView& view(lathe_graph& handle);  // made if need be
  // The one with these columns, also if it is of before an edit. Throws usage_error if it is none
  // of this graph's.
  static GraphView& view(lathe_graph& handle, const lathe_graph_view& columns);
  lathe_edit* begin(lathe_graph& handle);
  void commit(lathe_edit& edit);
  // Throws unless the graph may be edited and no transaction on it is open.
  static void check_editable(const lathe_graph& handle);
  // The graph is that one from now on. REQUIRES: check_editable() took it.
  static void set_contents(lathe_graph& handle, const Graph& graph);

  // What a model's placeholders take that say nothing of it: the batch size, and shape and element
  // type of the data set's input (DatasetInfo::input_for).
  void set_rows(const DatasetInfo& info, std::int64_t batch) {
    data_ = info;
    batch_ = batch;
  }
  // Throws usage_error if the data set has no such input, or does not say its shape.
  void complete_placeholder(std::string_view name, std::size_t place, Value& attributes) const;

  // Rows of a node map option, resolved once.
  std::span<const lathe_node_options> rows(const lathe_graph& graph, std::string_view key);
  // The resolved options of a node, if rows() was asked for them.
  const NodeOptions* row_of(std::string_view node) const;

 private:
  struct Rows {
    std::string key;
    const Graph* graph;
    std::uint32_t epoch;
    std::vector<NodeOptions> resolved;  // unless they were given
    std::span<const NodeOptions> options;
    std::vector<lathe_node_options> rows;
  };
  lathe_node_options lend(const NodeOptions& options);

  Call& call_;
  std::unordered_map<const lathe_graph*, std::unique_ptr<lathe_graph>> graphs_;
  std::unordered_map<const lathe_edit*, lathe_edit*> edits_;
  std::list<Rows> rows_;
  const Graph* original_graph_ = nullptr;
  const lathe_graph* original_ = nullptr;
  DatasetInfo data_;
  std::int64_t batch_ = 1;
};

}  // namespace lathe
