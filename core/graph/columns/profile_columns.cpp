#include "core/graph/columns/profile_columns.hpp"

#include "core/graph/columns/alike_nodes.hpp"
#include "core/graph/columns/symbols.hpp"
#include "core/graph/inference.hpp"
#include "core/graph/io/abi_operand.hpp"

#include <memory_resource>

namespace lathe {

// The graph that the profiles were made from may go: texts of operands are interned, and what else
// they point into is shared.
struct ProfileColumns::Memory {
  std::pmr::monotonic_buffer_resource arena;
  std::vector<Shape> shapes;
  std::vector<SharedList<OperandFormat>> formats;
  std::vector<OperandView> operands;  // of one node, to work with

  template <typename T>
  T* make(std::size_t count) {
    return static_cast<T*>(arena.allocate(count * sizeof(T), alignof(T)));
  }
};

namespace {

lathe_cost to_abi(const std::optional<Cost>& known) {
  const Cost cost = known.value_or(Cost{});
  return {sizeof(lathe_cost),         known ? 1U : 0U, cost.computations,
          cost.backward_computations, cost.parameters, cost.input_elements,
          cost.output_elements,       cost.macs,       cost.elementwise};
}

lathe_op_facts facts_of(const OpRow& row, const Node& node) {
  std::uint32_t roles = 0;
  for (std::string_view role : quantizable_roles(row, node)) roles |= 1U << role_named(role);
  // An output can be quantized wherever anything can, and there is one.
  if (roles != 0 && !node.result.is_several()) roles |= 1U << LATHE_ROLE_DATA_OUT;
  return {sizeof(lathe_op_facts),    roles,       row.bits, row.channels, row.weight_channels,
          row.is_unsigned ? 1U : 0U, row.counting};
}

template <typename Memory>
lathe_profile profile_of(const Graph& graph, NodeId id, Memory& memory) {
  const Node& node = graph.node(id);
  view_operands(graph, id, memory.operands);
  const std::size_t count = memory.operands.size();
  auto* operands = memory.template make<lathe_operand>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const OperandView& operand = memory.operands[i];
    auto* out = new (&operands[i]) lathe_operand(to_abi(operand, memory.arena));
    out->name = str_of(interned(operand.name));
    memory.shapes.push_back(*operand.shape);
    if (operand.parameter != nullptr) {
      out->parameter = static_cast<std::uint32_t>(operand.parameter - node.parameters.data());
    }
  }
  if (!node.formats.empty()) memory.formats.push_back(node.formats);
  auto* cost = new (memory.template make<lathe_cost>(1)) lathe_cost(to_abi(cost_of(graph, id)));
  auto* facts = new (memory.template make<lathe_op_facts>(1))
      lathe_op_facts(facts_of(row_of(graph.ops(), node), node));
  return {operands, count, cost, facts};
}

lathe_profile no_profile() {
  static const lathe_operand operand{};
  static const lathe_cost cost = to_abi(std::nullopt);
  static const lathe_op_facts facts{
      sizeof(lathe_op_facts), 0, LATHE_BITS_NONE, LATHE_CHANNELS_WALL, 0, 0, LATHE_COUNT_NOTHING};
  return {&operand, 0, &cost, &facts};
}

}  // namespace

ProfileColumns::ProfileColumns(const Graph& graph, const ProfileColumns* earlier,
                               std::span<const NodeId> edited) {
  const auto memory = std::make_shared<Memory>();
  // Rows that no node has any more go when they could outnumber the others.
  const bool renew =
      earlier != nullptr && earlier->rows.size() + edited.size() <= 2 * earlier->rows_of_all_ + 256;
  if (renew) {
    *this = *earlier;
    make_edited(graph, edited, *memory);
  } else {
    make_all(graph, *memory);
  }
  if (!renew || rows.size() > earlier->rows.size()) memory_.push_back(memory);
}

void ProfileColumns::give(const Graph& graph, NodeId id, AlikeNodes& alike, Memory& memory) {
  std::uint32_t& row = alike.number_of(id);
  if (row == 0) {
    row = static_cast<std::uint32_t>(rows.size());
    rows.push_back(profile_of(graph, id, memory));
  }
  of_node[index_of(id)] = row;
}

void ProfileColumns::make_all(const Graph& graph, Memory& memory) {
  rows.push_back(no_profile());
  of_node.resize(graph.slots());
  AlikeNodes alike(graph);
  constexpr std::uint32_t kAhead = 8;  // as for_each_row, for all that is read of a node
  for (std::uint32_t i = 0; i < of_node.size(); ++i) {
    if (i + kAhead < of_node.size()) {
      const Node* ahead = graph.nodes().find(NodeId{i + kAhead});
      if (ahead != nullptr) __builtin_prefetch(&ahead->formats);
    }
    if (graph.alive(NodeId{i})) give(graph, NodeId{i}, alike, memory);
  }
  rows_of_all_ = rows.size();
}

void ProfileColumns::make_edited(const Graph& graph, std::span<const NodeId> edited,
                                 Memory& memory) {
  of_node.resize(graph.slots());
  AlikeNodes alike(graph);
  for (const NodeId id : edited) {
    of_node[index_of(id)] = 0;
    if (graph.alive(id)) give(graph, id, alike, memory);
  }
}

}  // namespace lathe
