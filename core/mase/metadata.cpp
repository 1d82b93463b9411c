#include "core/mase/metadata.hpp"

#include "core/graph/columns/symbols.hpp"
#include "core/graph/inference.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/graph/ops/op_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

namespace lathe {

namespace {

using Memory = std::pmr::memory_resource;

lathe_value text_value(std::string_view text) {
  lathe_value out{};
  out.kind = LATHE_VALUE_STRING;
  out.size = text.size();
  out.as.text = text.data();
  return out;
}

lathe_value integer_value(std::int64_t number) {
  lathe_value out{};
  out.kind = LATHE_VALUE_INT;
  out.as.integer = number;
  return out;
}

template <typename T>
T* kept(std::span<const T> items, Memory& memory) {
  auto* out = static_cast<T*>(memory.allocate(items.size() * sizeof(T), alignof(T)));
  std::ranges::uninitialized_copy(items, std::span(out, items.size()));
  return out;
}

lathe_value map_value(std::span<const lathe_entry> entries, Memory& memory) {
  lathe_value out{};
  out.kind = LATHE_VALUE_MAP;
  out.size = entries.size();
  out.as.map = kept(entries, memory);
  return out;
}

lathe_value list_value(std::span<const std::int64_t> numbers, Memory& memory) {
  auto* items = static_cast<lathe_value*>(
      memory.allocate(numbers.size() * sizeof(lathe_value), alignof(lathe_value)));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    new (&items[i]) lathe_value(integer_value(numbers[i]));
  }
  lathe_value out{};
  out.kind = LATHE_VALUE_LIST;
  out.size = numbers.size();
  out.as.list = items;
  return out;
}

// In place of an entry of that key, or at the end.
void put(std::vector<lathe_entry>& entries, std::string_view key, const lathe_value& value) {
  const auto at =
      std::ranges::find(entries, key, [](const lathe_entry& e) { return view_of(e.key); });
  if (at != entries.end()) {
    at->value = value;
  } else {
    entries.push_back({str_of(key), value});
  }
}

lathe_value torch_dtype(DType dtype) {
  static const auto names = [] {
    std::array<std::string_view, 256> out{};
    for (int i = LATHE_DTYPE_FLOAT32; i <= LATHE_DTYPE_BOOL; ++i) {
      out[static_cast<std::size_t>(i)] = interned(fmt::format("torch.{}", name(DType(i))));
    }
    return out;
  }();
  return text_value(names[static_cast<std::size_t>(dtype)]);
}

lathe_value operand_value(const OperandView& operand, Memory& memory) {
  const std::array bits{static_cast<std::int64_t>(operand.bits)};
  // MASE says `from` of parameters, always None.
  const bool flows = operand.kind == LATHE_OPERAND_INPUT || operand.kind == LATHE_OPERAND_OUTPUT;
  const std::array<lathe_entry, 4> entries{
      {{str_of("type"), text_value(operand.type)},
       {str_of("precision"), operand.precision != nullptr ? to_abi(*operand.precision, memory)
                                                          : list_value(bits, memory)},
       {str_of("shape"), list_value(operand.shape->dims(), memory)},
       {str_of(flows ? "torch_dtype" : "from"),
        flows ? torch_dtype(operand.dtype) : lathe_value{}}}};
  return map_value(entries, memory);
}

// Of a result that is no tensor.
lathe_value plain_result(const Node& node, Memory& memory) {
  const std::string_view type = node.result.is_several()     ? "tuple"
                                : node.result.value.is_int() ? "int"
                                                             : "Size";
  const std::array one{std::int64_t{1}};
  const std::array<lathe_entry, 2> entries{
      {{str_of("type"), text_value(type)}, {str_of("shape"), list_value(one, memory)}}};
  return map_value(entries, memory);
}

// {"stat": {}}: every tensor gets a place for its statistics.
lathe_value place_for_statistics() {
  static constexpr lathe_entry kNothing{};
  static const lathe_entry stat = [] {
    lathe_entry out{};
    out.key = str_of("stat");
    out.value.kind = LATHE_VALUE_MAP;
    out.value.as.map = &kNothing;
    return out;
  }();
  lathe_value out{};
  out.kind = LATHE_VALUE_MAP;
  out.size = 1;
  out.as.map = &stat;
  return out;
}

bool is_implicit(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const std::string_view type = mase_type(node, row_of(graph.ops(), node));
  return type == "placeholder" || type == "output" || type == "implicit_func";
}

// By id. Follows from opcode and op, of which there are few.
std::vector<bool> implicit_nodes(const Graph& graph, const EdgeColumns& edges) {
  std::vector<bool> out(graph.slots(), false);
  std::unordered_map<std::uint64_t, bool> known;
  for (const NodeId id : edges.order) {
    const std::uint32_t i = index_of(id);
    const auto [found, is_new] =
        known.try_emplace(std::uint64_t{edges.op[i]} << 8U | std::uint64_t{edges.opcode[i]});
    if (is_new) found->second = is_implicit(graph, id);
    out[i] = found->second;
  }
  return out;
}

}  // namespace

// What a function is told besides tensors, under the names of its arguments; of a view the extents.
void Metadata::add_literals(NodeId id) {
  const Node& node = graph_.node(id);
  if (!node.is_function()) return;
  const OpRow& row = row_of(graph_.ops(), node);
  if (!row.signature.empty() && row.signature.back() == "...") {
    for (std::size_t i = 1; i < node.args.size(); ++i) {
      const Argument& argument = node.args[i];
      const NodeId* extent = std::get_if<NodeId>(&argument.data);
      const Value* literal = std::get_if<Value>(&argument.data);
      if (extent == nullptr && literal == nullptr) continue;
      put(args_, interned(fmt::format("shape_{}", i - 1)),
          to_abi(extent != nullptr ? graph_.node(*extent).result.value : *literal, memory_));
    }
    return;
  }
  for (const auto& [key, value] : graph_.attributes(id).as_map()) {
    put(args_, key, to_abi(value, memory_));
  }
}

lathe_value Metadata::common(NodeId id) {
  const Node& node = graph_.node(id);
  args_.clear();
  results_.clear();
  view_operands(graph_, id, operands_);
  for (const OperandView& operand : operands_) {
    if (operand.kind == LATHE_OPERAND_OUTPUT) {
      put(results_, operand.name, operand_value(operand, memory_));
    } else if (operand.kind != LATHE_OPERAND_BUFFER && operand.kind != LATHE_OPERAND_STATE &&
               node.opcode != Opcode::output) {
      put(args_, operand.name, operand_value(operand, memory_));
    }
  }
  if (!node.result.is_tensor()) put(results_, "data_out_0", plain_result(node, memory_));
  add_literals(id);
  const std::array<lathe_entry, 4> entries{
      {{str_of("mase_type"), text_value(mase_type(node, row_of(graph_.ops(), node)))},
       {str_of("mase_op"), text_value(node.op)},
       {str_of("args"), map_value(args_, memory_)},
       {str_of("results"), map_value(results_, memory_)}}};
  return map_value(entries, memory_);
}

lathe_value Metadata::software(NodeId id) {
  const Node& node = graph_.node(id);
  args_.clear();
  results_.clear();
  std::size_t i = 0;
  // Sizes that a view reads count as inputs here, as in MASE.
  const OpRow& row = row_of(graph_.ops(), node);
  node.for_each_input(
      [&](NodeId) { put(args_, input_name(row, node, i++), place_for_statistics()); });
  for (const Parameter& parameter : node.parameters) {
    if (parameter.name != "num_batches_tracked" && parameter.is_own()) {
      put(args_, parameter.name, place_for_statistics());
    }
  }
  if (node.opcode != Opcode::output && node.result.is_tensor()) {
    put(results_, "data_out_0", place_for_statistics());
  }
  std::array<lathe_entry, 2> entries{};
  std::size_t count = 0;
  if (node.opcode != Opcode::placeholder) {
    entries[count++] = {str_of("args"), map_value(args_, memory_)};
  }
  if (!results_.empty()) entries[count++] = {str_of("results"), map_value(results_, memory_)};
  return map_value(std::span(entries).first(count), memory_);
}

// Nodes joined to an end of the graph by implicit nodes only: those have no hardware.
void Metadata::find_ends() {
  joined_to_end_.assign(graph_.slots(), false);
  const auto edges = graph_.edges();
  const std::vector<bool> implicit = implicit_nodes(graph_, *edges);
  const auto spread = [&](const auto& order, const auto& next_of) {
    std::vector<bool> joined(graph_.slots(), false);
    for (const NodeId id : order) {
      if (!implicit[index_of(id)]) continue;
      const std::span<const std::uint32_t> next = next_of(id);
      joined[index_of(id)] =
          next.empty() || std::ranges::any_of(next, [&](std::uint32_t n) { return joined[n]; });
      if (joined[index_of(id)]) joined_to_end_[index_of(id)] = true;
    }
  };
  const std::vector<NodeId>& order = edges->order;
  spread(std::span(order), [&](NodeId id) { return edges->inputs_of(id); });
  spread(std::vector<NodeId>(order.rbegin(), order.rend()),
         [&](NodeId id) { return edges->uses_of(id); });
}

lathe_value Metadata::hardware(NodeId id) {
  static const lathe_entry implicit = [] {
    lathe_entry out{};
    out.key = str_of("is_implicit");
    out.value.kind = LATHE_VALUE_BOOL;
    out.value.as.integer = 1;
    return out;
  }();
  lathe_value out{};
  out.kind = LATHE_VALUE_MAP;
  out.as.map = &implicit;
  if (!is_implicit(graph_, id)) return out;
  if (joined_to_end_.empty()) find_ends();
  out.size = joined_to_end_[index_of(id)] ? 1 : 0;
  return out;
}

// Of a view the extents are arguments of its own, and of a size the result is no tensor: profiles
// do not tell those.
Metadata::Sections& Metadata::sections(NodeId id, Sections& own) {
  const Node& node = graph_.node(id);
  const OpRow& row = row_of(graph_.ops(), node);
  const bool by_profile =
      node.result.is_tensor() && (row.signature.empty() || row.signature.back() != "...");
  if (!by_profile) return own;
  if (!profiles_) {
    profiles_ = graph_.profiles();
    of_profile_.resize(profiles_->rows.size());
  }
  return of_profile_[profiles_->of_node[index_of(id)]];
}

lathe_value Metadata::of(NodeId id) {
  Sections own{};
  Sections& parts = sections(id, own);
  if (parts.common.kind == LATHE_VALUE_NONE) parts = {common(id), software(id)};
  const std::array<lathe_entry, 3> entries{{{str_of("common"), parts.common},
                                            {str_of("software"), parts.software},
                                            {str_of("hardware"), hardware(id)}}};
  return map_value(entries, memory_);
}

lathe_value overlaid(const lathe_value& tree, std::string_view path, const lathe_value& value,
                     Memory& memory) {
  const std::size_t slash = path.find('/');
  const std::string_view key = path.substr(0, slash);
  std::span<const lathe_entry> before;
  if (tree.kind == LATHE_VALUE_MAP) before = {tree.as.map, tree.size};
  const auto old =
      std::ranges::find(before, key, [](const lathe_entry& e) { return view_of(e.key); });
  const auto at = static_cast<std::size_t>(old - before.begin());
  auto* const entries = static_cast<lathe_entry*>(
      memory.allocate((before.size() + 1) * sizeof(lathe_entry), alignof(lathe_entry)));
  std::ranges::uninitialized_copy(before, std::span(entries, before.size()));
  const lathe_value inner = old == before.end() ? lathe_value{} : old->value;
  new (&entries[at])
      lathe_entry{str_of(key), slash == std::string_view::npos
                                   ? value
                                   : overlaid(inner, path.substr(slash + 1), value, memory)};
  lathe_value out{};
  out.kind = LATHE_VALUE_MAP;
  out.size = std::max(before.size(), at + 1);
  out.as.map = entries;
  return out;
}

Value node_metadata(const Graph& graph, NodeId id) {
  std::pmr::monotonic_buffer_resource memory;
  return from_abi(Metadata(graph, memory).of(id));
}

}  // namespace lathe
