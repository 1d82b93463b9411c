// A graph as the ABI's borrowed columns, and what a plugin asks about single nodes, made on demand
// and kept as long as the view. Built in one walk over the nodes.
#pragma once

#include "core/graph/operands.hpp"

#include <lathe/svc/graph.h>

#include <list>
#include <memory>
#include <memory_resource>
#include <optional>
#include <unordered_map>

namespace lathe {

// Points into the graph it was made from: valid until that graph changes. Not thread-safe.
class GraphView {
 public:
  explicit GraphView(const Graph& graph);
  GraphView(const GraphView&) = delete;

  const lathe_graph_view& columns() const { return columns_; }
  const lathe_value* attributes(NodeId id);
  const lathe_value* arguments(NodeId id);
  const lathe_value* metadata(NodeId id);
  std::span<const lathe_operand> operands(NodeId id);
  lathe_str module_text(NodeId id);
  lathe_str text();

 private:
  const lathe_value* kept(Value value);

  const Graph& graph_;
  lathe_graph_view columns_{};
  std::unique_ptr<std::byte[]> memory_;  // the columns with one entry per node
  std::vector<std::uint32_t> inputs_, uses_;
  std::vector<std::int64_t> shapes_;
  std::pmr::monotonic_buffer_resource arena_;
  std::list<Value> values_;  // what trees point into
  std::list<std::string> texts_;
  std::list<std::vector<Operand>> operand_rows_;
  std::unordered_map<std::uint32_t, const lathe_value*> attributes_, arguments_, metadata_;
  std::unordered_map<std::uint32_t, std::span<const lathe_operand>> operands_;
  std::unordered_map<std::uint32_t, lathe_str> module_texts_;
  std::optional<lathe_str> text_;
};

// One operand for the ABI; its texts and precision point into `operand` and `memory`.
lathe_operand to_abi(const Operand& operand, std::pmr::memory_resource& memory);

}  // namespace lathe
