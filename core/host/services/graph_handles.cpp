#include "core/host/services/graph_handles.hpp"

#include "core/graph/io/abi_value.hpp"
#include "core/graph/operands.hpp"
#include "core/host/instances/instances.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/warn_once.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

// The plugin may be in the middle of reading it.
void retire_view(lathe_graph& graph) {
  if (graph.view) graph.earlier_views.push_back(std::move(graph.view));
}

}  // namespace

NodeId node_of(const lathe_graph& graph, std::uint32_t node) {
  const NodeId id{node};
  if (!graph.graph->alive(id)) {
    throw PluginMistake(fmt::format("the graph has no node with id {}", node));
  }
  return id;
}

lathe_graph* GraphHandles::add(const Graph& graph, Graph* editable) {
  auto handle = std::make_unique<lathe_graph>();
  handle->graph = &graph;
  handle->editable = editable;
  lathe_graph* const address = handle.get();
  graphs_.emplace(address, std::move(handle));
  return address;
}

lathe_graph* GraphHandles::copy(const lathe_graph* of) { return own(*find(of).graph); }

lathe_graph* GraphHandles::own(Graph graph) {
  auto owned = std::make_unique<Graph>(std::move(graph));
  lathe_graph* handle = add(*owned, owned.get());
  handle->owned = std::move(owned);
  return handle;
}

const lathe_graph* GraphHandles::original() {
  if (original_ != nullptr) return original_;
  const RunContext* context = call_.context_or_null();
  const Graph* graph =
      context != nullptr && context->original != nullptr ? context->original : original_graph_;
  if (graph == nullptr) {
    throw run_error(LATHE_FAILED_PRECONDITION, "there is no original graph in this call");
  }
  return original_ = add(*graph, nullptr);
}

void GraphHandles::release(const lathe_graph* copy) {
  const lathe_graph& handle = find(copy);
  if (!handle.owned) {
    throw PluginMistake("only a copy that was made in this call can be given back");
  }
  for (const auto& edit : handle.edits) edits_.erase(edit.get());
  std::erase_if(rows_, [&](const Rows& rows) { return rows.graph == handle.graph; });
  graphs_.erase(copy);
}

lathe_graph& GraphHandles::find(const lathe_graph* handle) {
  const auto found = graphs_.find(handle);
  if (found == graphs_.end()) {
    throw PluginMistake("that is no graph of this call, or it was given back already");
  }
  return *found->second;
}

lathe_edit& GraphHandles::find(const lathe_edit* handle) {
  const auto found = edits_.find(handle);
  if (found == edits_.end()) throw PluginMistake("that is no transaction of this call");
  return *found->second;
}

GraphView& GraphHandles::view(lathe_graph& handle) {
  if (!handle.view) handle.view = std::make_unique<GraphView>(*handle.graph);
  return *handle.view;
}

GraphView& GraphHandles::view(lathe_graph& handle, const lathe_graph_view& columns) {
  if (handle.view && &handle.view->columns() == &columns) return *handle.view;
  for (const auto& earlier : handle.earlier_views) {
    if (&earlier->columns() == &columns) return *earlier;
  }
  throw usage_error("that is no view of this graph in this call");
}

void GraphHandles::check_editable(const lathe_graph& handle) {
  if (handle.editable == nullptr) {
    throw run_error(
        LATHE_PERMISSION_DENIED,
        "it may not change this graph: declare LATHE_FLAG_MUTATES_GRAPH, or edit a copy");
  }
  if (!handle.edits.empty() && handle.edits.back()->transaction) {
    throw run_error(LATHE_FAILED_PRECONDITION,
                    "a transaction on this graph is open already: commit or roll it back first");
  }
}

lathe_edit* GraphHandles::begin(lathe_graph& handle) {
  check_editable(handle);
  lathe_edit* const edit = handle.edits.emplace_back(std::make_unique<lathe_edit>()).get();
  edits_.emplace(edit, edit);
  edit->graph = &handle;
  edit->transaction = std::make_unique<Transaction>(*handle.editable);
  return edit;
}

void GraphHandles::commit(lathe_edit& edit) {
  const auto transaction = std::move(edit.transaction);  // gone, whatever happens
  transaction->commit();
  retire_view(*edit.graph);
}

void GraphHandles::set_contents(lathe_graph& handle, const Graph& graph) {
  *handle.editable = graph.after(*handle.editable);
  retire_view(handle);
}

void GraphHandles::complete_placeholder(std::string_view name, std::size_t place,
                                        Value& attributes) const {
  if (attributes.find("shape") == nullptr) {
    const std::optional<std::size_t> at = data_.input_for(name, place);
    const Field* field = at ? &data_.fields[*at] : nullptr;
    if (field == nullptr || !field->known_shape) {
      throw usage_error(fmt::format(
          "placeholder '{}' has no shape, and the data set gives none{}", name,
          field == nullptr && !data_.fields.empty() ? " for want of an input of that name or at "
                                                      "that place"
                                                    : ""));
    }
    attributes.set("shape", Value(Value::List(field->shape.begin(), field->shape.end())));
    if (attributes.find("dtype") == nullptr) {
      attributes.set("dtype", Value(std::string(lathe::name(field->dtype))));
    }
  }
  if (attributes.find("batch") == nullptr) attributes.set("batch", Value(batch_));
}

std::span<const lathe_node_options> GraphHandles::rows(const lathe_graph& graph,
                                                       std::string_view key) {
  for (const Rows& r : rows_) {
    if (r.key == key && r.graph == graph.graph && r.epoch == graph.graph->epoch()) return r.rows;
  }
  const Component& component = call_.component();
  const Option* option = component.options.find(key);
  if (option == nullptr || option->type != LATHE_OPTION_NODE_MAP) {
    throw PluginMistake(fmt::format("it has no node map option '{}'", key));
  }
  Rows& out = rows_.emplace_back();
  out.key = key;
  out.graph = graph.graph;
  out.epoch = graph.graph->epoch();
  // What is given is for the first node map: those that a search drives have no other.
  const Option* first =
      &*std::ranges::find(component.options.options, LATHE_OPTION_NODE_MAP, &Option::type);
  if (call_.given_rows && option == first) {
    out.options = *call_.given_rows;
  } else {
    const Value* map = call_.options == nullptr ? nullptr : call_.options->find(key);
    if (map != nullptr && !map->is_none()) {
      std::vector<std::string> warnings;
      out.resolved =
          resolve_node_map(*map, node_map_rules(*call_.context().registry, component, *option),
                           *graph.graph, warnings);
      for (const std::string& warning : warnings) warn_once(warning);
    }
    out.options = out.resolved;
  }
  out.rows.reserve(out.options.size());
  for (const NodeOptions& row : out.options) out.rows.push_back(lend(row));
  return out.rows;
}

namespace {

template <typename T>
T* room_for(std::size_t count, std::pmr::memory_resource& memory) {
  return static_cast<T*>(memory.allocate(std::max<std::size_t>(1, count) * sizeof(T), alignof(T)));
}

}  // namespace

// Operands' tables apart from the rest; the first of their entries is the name.
lathe_node_options GraphHandles::lend(const NodeOptions& options) {
  const Value::Map& map = options.options.as_map();
  std::pmr::memory_resource& memory = call_.memory();  // the call is locked
  auto* const roles = room_for<lathe_role_options>(map.size(), memory);
  auto* const rest = room_for<lathe_entry>(map.size(), memory);
  std::uint64_t role_count = 0, rest_count = 0;
  for (const auto& [key, value] : map) {
    const lathe_role role = value.is_map() ? role_named(key) : lathe_role{LATHE_ROLE_NONE};
    lathe_value tree = to_abi(value, memory);
    if (role == LATHE_ROLE_NONE) {
      new (&rest[rest_count++]) lathe_entry{str_of(key), tree};
      continue;
    }
    const lathe_value& name = tree.as.map[0].value;
    const lathe_str id{name.as.text, name.size};
    ++tree.as.map;
    --tree.size;
    new (&roles[role_count++])
        lathe_role_options{role, {}, id, new (room_for<lathe_value>(1, memory)) lathe_value(tree)};
  }
  auto* const own = new (room_for<lathe_value>(1, memory)) lathe_value{};
  own->kind = LATHE_VALUE_MAP;
  own->size = rest_count;
  own->as.map = rest;
  return {index_of(options.node), sizeof(lathe_role_options), own, roles, role_count};
}

const NodeOptions* GraphHandles::row_of(std::string_view node) const {
  for (const Rows& r : rows_) {
    for (const NodeOptions& row : r.options) {
      if (r.graph->alive(row.node) && r.graph->node(row.node).name == node) return &row;
    }
  }
  return nullptr;
}

}  // namespace lathe
