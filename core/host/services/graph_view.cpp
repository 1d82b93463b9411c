#include "core/host/services/graph_view.hpp"

#include "core/graph/inference.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/graph/io/text.hpp"
#include "core/graph/ops/op_table.hpp"

#include <fmt/format.h>

#include <atomic>

namespace lathe {
namespace {

// An enumeration is laid out as the number under it.
const std::uint32_t* numbers_of(const std::vector<NodeId>& ids) {
  return reinterpret_cast<const std::uint32_t*>(ids.data());
}

// Plugins may look for it on several threads.
template <typename T>
void show(const T*& place, const T& table) {
  std::atomic_ref(place).store(&table, std::memory_order_release);
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
  profiles();
  modules_.resize(profiles_->rows.size());
  const lathe_value*& alike = modules_[profiles_->of_node[index_of(id)]];
  if (alike != nullptr) return alike;
  const lathe_value*& out = metadata_[id];
  if (out == nullptr) {
    out =
        new (arena_.allocate(sizeof(lathe_value), alignof(lathe_value))) lathe_value(mase_.of(id));
    // What is joined to an end of the graph, and arguments of functions, are not told by a profile.
    const Node& node = graph_.node(id);
    const bool told = node.opcode == Opcode::call_module && node.result.is_tensor() &&
                      mase_type(node, row_of(graph_.ops(), node)) != "implicit_func";
    if (told) alike = out;
  }
  return out;
}

const lathe_value* GraphView::metadata(NodeId id, const Notes& notes) {
  const lathe_value* const derived = metadata(id);
  lathe_value* out = nullptr;
  notes.for_each_shown(id, [&](std::string_view key, const Value& note) {
    if (out == nullptr) {
      out = new (arena_.allocate(sizeof(lathe_value), alignof(lathe_value))) lathe_value(*derived);
    }
    auto path = note_keys_.find(key);
    if (path == note_keys_.end()) path = note_keys_.emplace(key).first;
    *out = overlaid(*out, *path, kept_note(note), arena_);
  });
  return out != nullptr ? out : derived;
}

// Many nodes may share one.
const lathe_value& GraphView::kept_note(const Value& note) {
  if (!note.is_map()) return *kept(note);
  const lathe_value*& known = notes_[&note.as_map()];
  if (known == nullptr) known = kept(note);
  return *known;
}

const lathe_profiles& GraphView::profiles() {
  if (!profiles_) {
    profiles_ = graph_.profiles();
    profile_table_ = {sizeof profile_table_,  sizeof(lathe_profile),
                      sizeof(lathe_operand),  static_cast<std::uint32_t>(profiles_->rows.size()),
                      profiles_->rows.data(), profiles_->of_node.data()};
    show(columns_.profiles, profile_table_);
  }
  return profile_table_;
}

const lathe_profile& GraphView::profile(NodeId id) {
  profiles();
  return (*profiles_)[id];
}

const lathe_parameter_columns& GraphView::parameters() {
  if (!parameters_) {
    parameters_ = graph_.parameter_columns();
    parameter_table_ = {sizeof parameter_table_, 0, parameters_->begin.data(),
                        parameters_->qualified_name.data(), parameters_->storage_id.data()};
    show(columns_.parameters, parameter_table_);
  }
  return parameter_table_;
}

// Attributes are one for all nodes of a profile.
lathe_str GraphView::module_text(NodeId id) {
  profiles();
  module_texts_.resize(profiles_->rows.size());
  std::optional<lathe_str>& out = module_texts_[profiles_->of_node[index_of(id)]];
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

}  // namespace lathe
