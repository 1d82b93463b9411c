// A graph as the ABI's borrowed columns, and what a plugin asks about single nodes, made on demand
// and kept as long as the view.
#pragma once

#include "core/host/notes.hpp"
#include "core/mase/metadata.hpp"

#include <lathe/svc/graph.h>

#include <list>
#include <memory>
#include <memory_resource>
#include <optional>
#include <set>
#include <unordered_map>

namespace lathe {

// Of the graph as it is now: has a copy of its own, which shares columns and nodes with the graph,
// so that what it gave out stays valid whatever becomes of the graph. Not thread-safe.
class GraphView {
 public:
  explicit GraphView(const Graph& graph);
  GraphView(const GraphView&) = delete;

  const lathe_graph_view& columns() const { return columns_; }
  const lathe_value* attributes(NodeId id);
  const lathe_value* arguments(NodeId id);
  const lathe_value* kwargs(NodeId id);
  const lathe_value* metadata(NodeId id);  // as it is derived
  // With the notes over it that show. Made anew with each call where there are any.
  const lathe_value* metadata(NodeId id, const Notes& notes);
  const lathe_profiles& profiles();
  const lathe_profile& profile(NodeId id);
  const lathe_parameter_columns& parameters();
  lathe_str module_text(NodeId id);
  lathe_str text();

 private:
  // One entry per node, made when the first is asked for.
  template <typename T>
  class PerNode {
   public:
    explicit PerNode(const Graph& graph) : graph_(graph) {}
    T& operator[](NodeId id) {
      if (entries_.empty()) entries_.resize(graph_.slots());
      return entries_[index_of(id)];
    }

   private:
    const Graph& graph_;
    std::vector<T> entries_;
  };

  const lathe_value* kept(Value value);
  const lathe_value& kept_note(const Value& note);

  const Graph graph_;
  std::shared_ptr<const EdgeColumns> edges_;
  std::shared_ptr<const TextColumns> texts_of_nodes_;
  std::shared_ptr<const ResultColumns> results_;
  std::shared_ptr<const ProfileColumns> profiles_;      // null: nobody has asked
  std::shared_ptr<const ParameterColumns> parameters_;  // the same
  lathe_graph_view columns_{};
  lathe_profiles profile_table_{};
  lathe_parameter_columns parameter_table_{};
  std::pmr::monotonic_buffer_resource arena_;
  std::list<Value> values_;  // what trees point into
  std::list<std::string> texts_;
  PerNode<const lathe_value*> attributes_{graph_}, arguments_{graph_}, kwargs_{graph_},
      metadata_{graph_};
  std::vector<const lathe_value*> modules_;  // metadata by profile, of modules that compute
  std::vector<std::optional<lathe_str>> module_texts_;  // by profile
  std::set<std::string, std::less<>> note_keys_;        // what trees with notes point into
  // By the address of a map, which those that are kept keep.
  std::unordered_map<const void*, const lathe_value*> notes_;
  Metadata mase_{graph_, arena_};
  std::optional<lathe_str> text_;
};

}  // namespace lathe
