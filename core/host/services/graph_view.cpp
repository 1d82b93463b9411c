#include "core/host/services/graph_view.hpp"

#include "core/mase/metadata.hpp"

#include "core/graph/ops/op_table.hpp"
#include "core/graph/text.hpp"
#include "core/host/instances/abi_value.hpp"
#include "core/host/services/symbols.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

// Node::inputs() without its vector: nodes read, in argument order, repeats kept.
template <typename Visit>
void visit_inputs(const Argument& argument, const Visit& visit) {
  if (const auto* id = std::get_if<NodeId>(&argument.data)) {
    visit(*id);
  } else if (const auto* list = std::get_if<std::vector<Argument>>(&argument.data)) {
    for (const Argument& item : *list) visit_inputs(item, visit);
  }
}

template <typename Visit>
void visit_inputs(const Node& node, const Visit& visit) {
  for (const Argument& argument : node.args) visit_inputs(argument, visit);
  for (const auto& [key, argument] : node.kwargs) visit_inputs(argument, visit);
}

// Cuts columns out of one block. The first walk, over no memory, only measures.
class Columns {
 public:
  explicit Columns(std::byte* memory) : memory_(memory) {}
  template <typename T>
  T* take(std::size_t count) {
    offset_ = (offset_ + alignof(T) - 1) / alignof(T) * alignof(T);
    T* out = memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + offset_);
    offset_ += count * sizeof(T);
    return out;
  }
  std::size_t size() const { return offset_; }

 private:
  std::byte* memory_;
  std::size_t offset_ = 0;
};

struct Writable {
  std::uint32_t *order, *op, *input_begin, *use_begin, *shape_begin, *cursor, *last_reader;
  std::uint8_t* alive;
  lathe_opcode* opcode;
  lathe_dtype* dtype;
  lathe_str *op_text, *name, *target;
};

std::size_t carve(Writable& w, std::byte* memory, std::size_t slots, std::size_t live) {
  Columns c(memory);
  w.op_text = c.take<lathe_str>(slots);
  w.name = c.take<lathe_str>(slots);
  w.target = c.take<lathe_str>(slots);
  w.order = c.take<std::uint32_t>(live);
  w.op = c.take<std::uint32_t>(slots);
  w.input_begin = c.take<std::uint32_t>(slots + 1);
  w.use_begin = c.take<std::uint32_t>(slots + 1);
  w.shape_begin = c.take<std::uint32_t>(slots + 1);
  w.cursor = c.take<std::uint32_t>(slots);
  w.last_reader = c.take<std::uint32_t>(slots);
  w.alive = c.take<std::uint8_t>(slots);
  w.opcode = c.take<lathe_opcode>(slots);
  w.dtype = c.take<lathe_dtype>(slots);
  return c.size();
}

// Nodes lie scattered in memory; a large graph is read at the speed of cache misses unless the next
// ones are on their way while this one is read.
void prefetch(const Graph& graph, std::size_t slot) {
  const NodeId id{static_cast<std::uint32_t>(slot)};
  if (!graph.alive(id)) return;
  const auto* bytes = reinterpret_cast<const char*>(&graph.node(id));
  for (std::size_t offset = 0; offset < sizeof(Node); offset += 64) {
    __builtin_prefetch(bytes + offset);
  }
}

}  // namespace

GraphView::GraphView(const Graph& graph) : graph_(graph) {
  const std::size_t slots = graph.slots();
  const auto order = graph.order();
  Writable w;
  memory_ = std::make_unique_for_overwrite<std::byte[]>(carve(w, nullptr, slots, order.size()));
  carve(w, memory_.get(), slots, order.size());
  inputs_.reserve(slots + slots / 4);
  shapes_.reserve(2 * slots);

  constexpr std::size_t kAhead = 8;
  for (std::uint32_t i = 0; i < slots; ++i) {
    prefetch(graph, i + kAhead);
    w.input_begin[i] = static_cast<std::uint32_t>(inputs_.size());
    w.shape_begin[i] = static_cast<std::uint32_t>(shapes_.size());
    w.cursor[i] = 0;
    const NodeId id{i};
    w.alive[i] = graph.alive(id) ? 1 : 0;
    if (w.alive[i] == 0) {
      w.opcode[i] = LATHE_PLACEHOLDER;
      w.op[i] = symbol_of("");
      w.dtype[i] = LATHE_DTYPE_NONE;
      w.op_text[i] = w.name[i] = w.target[i] = lathe_str{"", 0};
      continue;
    }
    const Node& node = graph.node(id);
    w.opcode[i] = static_cast<lathe_opcode>(node.opcode);
    w.op[i] = symbol_of(node.op);
    w.op_text[i] = str_of(node.op);
    w.name[i] = str_of(node.name);
    w.target[i] = str_of(node.target);
    w.dtype[i] = static_cast<lathe_dtype>(node.result.dtype);
    visit_inputs(node, [&](NodeId read) { inputs_.push_back(index_of(read)); });
    shapes_.insert(shapes_.end(), node.result.shape.begin(), node.result.shape.end());
  }
  w.input_begin[slots] = static_cast<std::uint32_t>(inputs_.size());
  w.shape_begin[slots] = static_cast<std::uint32_t>(shapes_.size());

  // Readers of each node, each once, in execution order: count, sum up, fill.
  const auto each_use = [&](const auto& use) {
    std::fill_n(w.last_reader, slots, LATHE_NONE_ID);
    for (const NodeId reader : order) {
      const std::uint32_t r = index_of(reader);
      for (std::uint32_t k = w.input_begin[r]; k < w.input_begin[r + 1]; ++k) {
        const std::uint32_t read = inputs_[k];
        if (w.last_reader[read] != r) use(read, r);
        w.last_reader[read] = r;
      }
    }
  };
  each_use([&](std::uint32_t node, std::uint32_t) { ++w.cursor[node]; });
  std::uint32_t use = 0;
  for (std::uint32_t i = 0; i < slots; ++i) {
    w.use_begin[i] = use;
    use += w.cursor[i];
    w.cursor[i] = w.use_begin[i];
  }
  w.use_begin[slots] = use;
  uses_.resize(use);
  each_use([&](std::uint32_t node, std::uint32_t r) { uses_[w.cursor[node]++] = r; });
  for (std::size_t i = 0; i < order.size(); ++i) w.order[i] = index_of(order[i]);

  columns_.struct_size = LATHE_SIZE_UP_TO(lathe_graph_view, shape);
  columns_.epoch = graph.epoch();
  columns_.node_count = static_cast<std::uint32_t>(slots);
  columns_.live_count = static_cast<std::uint32_t>(order.size());
  columns_.order = w.order;
  columns_.alive = w.alive;
  columns_.opcode = w.opcode;
  columns_.op = w.op;
  columns_.op_text = w.op_text;
  columns_.name = w.name;
  columns_.target = w.target;
  columns_.input_begin = w.input_begin;
  columns_.inputs = inputs_.data();
  columns_.use_begin = w.use_begin;
  columns_.uses = uses_.data();
  columns_.dtype = w.dtype;
  columns_.shape_begin = w.shape_begin;
  columns_.shape = shapes_.data();
}

const lathe_value* GraphView::kept(Value value) {
  return to_abi_pointer(values_.emplace_back(std::move(value)), arena_);
}

const lathe_value* GraphView::attributes(NodeId id) {
  const lathe_value*& out = attributes_[index_of(id)];
  if (out != nullptr) return out;
  const Node& node = graph_.node(id);
  if (node.opcode == Opcode::call_module || node.opcode == Opcode::placeholder) {
    return out = to_abi_pointer(node.attributes, arena_);
  }
  // Literals of a function or method, by the names PyTorch gives its arguments.
  const OpRow* row = graph_.ops().find(node.op);
  Value all(Value::Map{});
  for (std::size_t i = 0; i < node.args.size(); ++i) {
    const auto* literal = std::get_if<Value>(&node.args[i].data);
    if (literal == nullptr) continue;
    const bool named = row != nullptr && i < row->signature.size();
    all.set(named ? row->signature[i] : fmt::format("arg_{}", i), *literal);
  }
  for (const auto& [key, argument] : node.kwargs) {
    if (const auto* literal = std::get_if<Value>(&argument.data)) all.set(key, *literal);
  }
  return out = kept(std::move(all));
}

const lathe_value* GraphView::arguments(NodeId id) {
  const lathe_value*& out = arguments_[index_of(id)];
  if (out == nullptr) out = to_abi_pointer(std::span(graph_.node(id).args), arena_);
  return out;
}

const lathe_value* GraphView::metadata(NodeId id) {
  const lathe_value*& out = metadata_[index_of(id)];
  if (out == nullptr) out = kept(node_metadata(graph_, id));
  return out;
}

std::span<const lathe_operand> GraphView::operands(NodeId id) {
  const auto [slot, fresh] = operands_.try_emplace(index_of(id));
  if (!fresh) return slot->second;
  const std::vector<Operand>& rows = operand_rows_.emplace_back(operands_of(graph_, id));
  auto* out = static_cast<lathe_operand*>(
      arena_.allocate(rows.size() * sizeof(lathe_operand), alignof(lathe_operand)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    new (&out[i]) lathe_operand(to_abi(rows[i], arena_));
  }
  return slot->second = {out, rows.size()};
}

lathe_str GraphView::module_text(NodeId id) {
  const auto [slot, fresh] = module_texts_.try_emplace(index_of(id), lathe_str{"", 0});
  if (!fresh) return slot->second;
  const Node& node = graph_.node(id);
  const OpRow* row = node.opcode == Opcode::call_module ? graph_.ops().find(node.op) : nullptr;
  if (row != nullptr && row->module_text) {
    slot->second = str_of(texts_.emplace_back(row->module_text(node)));
  }
  return slot->second;
}

lathe_str GraphView::text() {
  if (!text_) text_ = str_of(texts_.emplace_back(fx_text(graph_)));
  return *text_;
}

lathe_operand to_abi(const Operand& operand, std::pmr::memory_resource& memory) {
  lathe_operand out{};
  out.kind = operand.kind;
  out.dtype = static_cast<lathe_dtype>(operand.dtype);
  out.role = operand.role;
  out.name = str_of(operand.name);
  out.type = str_of(operand.type);
  out.bits = operand.bits;
  const lathe_value precision = to_abi(operand.precision, memory);
  out.precision = precision.kind == LATHE_LIST ? precision.as.list : nullptr;
  out.precision_count = precision.kind == LATHE_LIST ? precision.size : 0;
  out.shape = operand.shape.dims().data();
  out.rank = operand.shape.rank();
  out.numel = operand.shape.numel();
  return out;
}

}  // namespace lathe
