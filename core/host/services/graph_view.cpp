#include "core/host/services/graph_view.hpp"

#include "core/graph/io/abi_value.hpp"
#include "core/graph/io/text.hpp"
#include "core/graph/ops/op_table.hpp"

#include <fmt/format.h>

#include <array>

namespace lathe {
namespace {

// An enumeration is laid out as the number under it.
const std::uint32_t* numbers_of(const std::vector<NodeId>& ids) {
  return reinterpret_cast<const std::uint32_t*>(ids.data());
}

// The precision of an operand without a format: a list of its bits.
const lathe_value* plain_precision(double bits) {
  static const auto values = [] {
    std::array<lathe_value, 65> out{};
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i].kind = LATHE_VALUE_INT;
      out[i].as.integer = static_cast<std::int64_t>(i);
    }
    return out;
  }();
  return &values.at(static_cast<std::size_t>(bits));
}

lathe_operand to_abi(const OperandView& operand, std::pmr::memory_resource& memory) {
  lathe_operand out{};
  out.kind = operand.kind;
  out.dtype = static_cast<lathe_dtype>(operand.dtype);
  out.role = operand.role;
  out.name = str_of(operand.name);
  out.type = str_of(operand.type);
  out.bits = operand.bits;
  if (operand.precision == nullptr) {
    out.precision = plain_precision(operand.bits);
    out.precision_count = 1;
  } else if (operand.precision->is_list()) {
    const lathe_value precision = to_abi(*operand.precision, memory);
    out.precision = precision.as.list;
    out.precision_count = precision.size;
  }
  out.shape = operand.shape->dims().data();
  out.rank = operand.shape->rank();
  out.numel = operand.shape->numel();
  if (operand.parameter != nullptr) {
    out.qualified_name = str_of(operand.parameter->qualified_name);
    out.storage_id = storage_id(*operand.parameter);
  }
  if (operand.format != nullptr) {
    out.format_options = to_abi_pointer(operand.format->options, memory);
  }
  return out;
}

}  // namespace

GraphView::GraphView(const Graph& graph)
    : graph_(graph),
      edges_(graph.edges()),
      texts_of_nodes_(graph.texts()),
      results_(graph.results()) {
  columns_.struct_size = sizeof columns_;
  columns_.epoch = graph.epoch();
  columns_.node_count = static_cast<std::uint32_t>(graph.slots());
  columns_.live_count = static_cast<std::uint32_t>(edges_->order.size());
  columns_.order = numbers_of(edges_->order);
  columns_.alive = edges_->alive.data();
  columns_.opcode = edges_->opcode.data();
  columns_.op = edges_->op.data();
  columns_.op_text = texts_of_nodes_->op.data();
  columns_.name = texts_of_nodes_->name.data();
  columns_.target = texts_of_nodes_->target.data();
  columns_.input_begin = edges_->input_begin.data();
  columns_.inputs = edges_->inputs.data();
  columns_.use_begin = edges_->use_begin.data();
  columns_.uses = edges_->uses.data();
  columns_.dtype = results_->dtype.data();
  columns_.shape_begin = results_->shape_begin.data();
  columns_.shape = results_->shape.data();
  columns_.dialect = kDialectVersion;
}

const lathe_value* GraphView::kept(Value value) {
  return to_abi_pointer(values_.emplace_back(std::move(value)), arena_);
}

const lathe_value* GraphView::attributes(NodeId id) {
  const lathe_value*& out = attributes_[id];
  if (out != nullptr) return out;
  const Node& node = graph_.node(id);
  if (node.opcode == Opcode::call_module || node.opcode == Opcode::placeholder) {
    return out = to_abi_pointer(graph_.attributes(id), arena_);
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
  const lathe_value*& out = arguments_[id];
  if (out == nullptr) out = to_abi_pointer(std::span(graph_.node(id).args), arena_);
  return out;
}

const lathe_value* GraphView::kwargs(NodeId id) {
  const lathe_value*& out = kwargs_[id];
  if (out == nullptr) out = to_abi_pointer(std::span(graph_.node(id).kwargs), arena_);
  return out;
}

const lathe_value* GraphView::metadata(NodeId id) {
  const lathe_value*& out = metadata_[id];
  if (out == nullptr) {
    out = new (arena_.allocate(sizeof(lathe_value), alignof(lathe_value)))
        lathe_value(mase_.of(id, arena_));
  }
  return out;
}

std::span<const lathe_operand> GraphView::operands(NodeId id) {
  std::span<const lathe_operand>& out = operands_[id];
  if (out.data() != nullptr) return out;
  view_operands(graph_, id, operand_views_);
  const std::size_t count = operand_views_.size();
  auto* rows = static_cast<lathe_operand*>(
      arena_.allocate(count * sizeof(lathe_operand), alignof(lathe_operand)));
  for (std::size_t i = 0; i < count; ++i) {
    new (&rows[i]) lathe_operand(to_abi(operand_views_[i], arena_));
  }
  return out = {rows, count};
}

lathe_str GraphView::module_text(NodeId id) {
  std::optional<lathe_str>& out = module_texts_[id];
  if (out) return *out;
  const Node& node = graph_.node(id);
  const OpRow* row = node.opcode == Opcode::call_module ? graph_.ops().find(node.op) : nullptr;
  const bool known = row != nullptr && row->module_text;
  out = known ? str_of(texts_.emplace_back(row->module_text(graph_.attributes(id))))
              : lathe_str{"", 0};
  return *out;
}

lathe_str GraphView::text() {
  if (!text_) text_ = str_of(texts_.emplace_back(fx_text(graph_)));
  return *text_;
}

lathe_operand to_abi(const Operand& operand, std::pmr::memory_resource& memory) {
  lathe_operand out =
      to_abi(OperandView{operand.kind, operand.name, operand.type, operand.bits, &operand.precision,
                         operand.dtype, &operand.shape, operand.role},
             memory);
  out.qualified_name = str_of(operand.qualified_name);
  out.storage_id = operand.storage_id;
  if (!operand.format_options.is_none()) {
    out.format_options = to_abi_pointer(operand.format_options, memory);
  }
  return out;
}

}  // namespace lathe
