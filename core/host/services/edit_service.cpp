// lathe.edit/0: changing graphs, by transactions.

#include "core/graph/inference.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/graph/operands.hpp"
#include "core/host/instances/format_choice.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"
#include "core/tensor/borrowed_tensor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace lathe {
namespace {

// Runs `body` on the open transaction.
template <typename Body>
lathe_code edit_call(lathe_call* call, const lathe_edit* handle, const Body& body) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    lathe_edit& edit = c.graphs().find(handle);
    if (!edit.transaction) {
      throw run_error(LATHE_FAILED_PRECONDITION,
                      "this transaction is committed or dropped already; begin another");
    }
    body(c, edit);
  });
}

template <typename T>
std::span<const T> checked(const T* data, std::uint64_t count, const char* what) {
  if (data == nullptr && count > 0) throw PluginMistake(fmt::format("its {} are null", what));
  return {data, count};
}

// The rows of a table, each as far as its writer knew it; `least` bytes of one are mandatory.
template <typename Table, typename Body>
void each_row(const Table* table, std::size_t least, const Body& body) {
  using Row = std::remove_cvref_t<decltype(*table->rows)>;
  Table known{};
  std::memcpy(&known, &required(table, "table"),
              std::min<std::size_t>(table->struct_size, sizeof known));
  if (known.count == 0) return;
  required(known.rows, "rows");
  if (known.row_size < least) {
    throw PluginMistake(fmt::format("its row_size of {} cannot be", known.row_size));
  }
  const char* at = reinterpret_cast<const char*>(known.rows);
  for (std::uint64_t i = 0; i < known.count; ++i, at += known.row_size) {
    Row row{};
    std::memcpy(&row, at, std::min<std::size_t>(known.row_size, sizeof row));
    body(row);
  }
}

ChosenInitialiser initialiser_of(const lathe_initialiser& row) {
  const std::string parameter(view_of(row.parameter));
  if (const auto known = initialiser_from(row.kind, row.a, row.b)) return {parameter, *known};
  throw Error(Blame::usage, LATHE_UNIMPLEMENTED,
              fmt::format("this host knows no initialiser {} for parameter '{}'; use a newer "
                          "host, or give contents with set_parameter",
                          row.kind, parameter));
}

NodeSpec spec_of(const lathe_node_spec* source, lathe_edit& edit, Call& call) {
  if (source == nullptr || source->struct_size < LATHE_SIZE_UP_TO(lathe_node_spec, arg_count)) {
    throw PluginMistake("its node has no believable struct_size");
  }
  lathe_node_spec s{};
  s.after = LATHE_NONE_ID;
  std::memcpy(&s, source, std::min<std::size_t>(source->struct_size, sizeof s));
  if (s.opcode > LATHE_OPCODE_OUTPUT)
    throw PluginMistake(fmt::format("there is no opcode {}", s.opcode));
  NodeSpec out;
  out.opcode = static_cast<Opcode>(s.opcode);
  out.op = view_of(s.op);
  out.target = view_of(s.target);
  out.name = view_of(s.name);
  for (const lathe_value& v : checked(s.args, s.arg_count, "arguments")) {
    out.args.push_back(argument_from_abi(v));
  }
  for (const lathe_entry& e : checked(s.kwargs, s.kwarg_count, "keyword arguments")) {
    out.kwargs.emplace_back(view_of(e.key), argument_from_abi(e.value));
  }
  for (const lathe_entry& e : checked(s.attributes, s.attribute_count, "attributes")) {
    out.attributes.set(view_of(e.key), from_abi(e.value));
  }
  if (s.initialisers != nullptr) {
    each_row(
        s.initialisers, LATHE_SIZE_UP_TO(lathe_initialiser, b),
        [&](const lathe_initialiser& row) { out.initialisers.push_back(initialiser_of(row)); });
  }
  out.after = NodeId{s.after};
  if (edit.builds_model && out.opcode == Opcode::placeholder) {
    // A model declares one sample; the run says how many stand in a batch.
    call.graphs().complete_placeholder(out.target.empty() ? out.name : out.target,
                                       edit.placeholders++, out.attributes);
  }
  return out;
}

lathe_code begin(lathe_call* call, lathe_graph* graph, lathe_edit** edit) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    required(edit, "edit") = c.graphs().begin(c.graphs().find(graph));
  });
}

lathe_code add_node(lathe_call* call, lathe_edit* edit, const lathe_node_spec* spec,
                    std::uint32_t* node) noexcept {
  return edit_call(call, edit, [&](Call& c, lathe_edit& e) {
    const NodeId id = e.transaction->add(spec_of(spec, e, c));
    if (node != nullptr) *node = index_of(id);
  });
}

lathe_code set_args(lathe_call* call, lathe_edit* edit, std::uint32_t node, const lathe_value* args,
                    std::uint64_t count) noexcept {
  return edit_call(call, edit, [&](Call&, lathe_edit& e) {
    std::vector<Argument> out;
    for (const lathe_value& v : checked(args, count, "arguments")) {
      out.push_back(argument_from_abi(v));
    }
    e.transaction->set_args(NodeId{node}, std::move(out));
  });
}

lathe_code set_kwargs(lathe_call* call, lathe_edit* edit, std::uint32_t node,
                      const lathe_entry* kwargs, std::uint64_t count) noexcept {
  return edit_call(call, edit, [&](Call&, lathe_edit& e) {
    std::vector<std::pair<std::string, Argument>> out;
    for (const lathe_entry& entry : checked(kwargs, count, "keyword arguments")) {
      out.emplace_back(view_of(entry.key), argument_from_abi(entry.value));
    }
    e.transaction->set_kwargs(NodeId{node}, std::move(out));
  });
}

lathe_code replace_uses(lathe_call* call, lathe_edit* edit, std::uint32_t node,
                        std::uint32_t replacement) noexcept {
  return edit_call(call, edit, [&](Call&, lathe_edit& e) {
    e.transaction->replace_uses(NodeId{node}, NodeId{replacement});
  });
}

lathe_code remove(lathe_call* call, lathe_edit* edit, std::uint32_t node) noexcept {
  return edit_call(call, edit, [&](Call&, lathe_edit& e) { e.transaction->remove(NodeId{node}); });
}

lathe_code set_attribute(lathe_call* call, lathe_edit* edit, std::uint32_t node, lathe_str key,
                         const lathe_value* value) noexcept {
  return edit_call(call, edit, [&](Call&, lathe_edit& e) {
    e.transaction->set_attribute(NodeId{node}, view_of(key), from_abi(required(value, "value")));
  });
}

lathe_code set_attributes(lathe_call* call, lathe_edit* edit,
                          const lathe_attribute_edit_table* table) noexcept {
  return edit_call(call, edit, [&](Call&, lathe_edit& e) {
    each_row(
        table, LATHE_SIZE_UP_TO(lathe_attribute_edit, value), [&](const lathe_attribute_edit& row) {
          e.transaction->set_attribute(NodeId{row.node}, view_of(row.key), from_abi(row.value));
        });
  });
}

lathe_code rename(lathe_call* call, lathe_edit* edit, std::uint32_t node, lathe_str name) noexcept {
  return edit_call(call, edit, [&](Call&, lathe_edit& e) {
    e.transaction->rename(NodeId{node}, view_of(name));
  });
}

lathe_code set_parameter(lathe_call* call, lathe_edit* edit, std::uint32_t node, lathe_str name,
                         const lathe_tensor* tensor) noexcept {
  return edit_call(call, edit, [&](Call&, lathe_edit& e) {
    e.transaction->set_parameter(NodeId{node}, view_of(name), copy_of(required(tensor, "tensor")));
  });
}

lathe_code promise_parameter(lathe_call* call, lathe_edit* edit, std::uint32_t node, lathe_str name,
                             std::uint64_t source) noexcept {
  return edit_call(call, edit, [&](Call&, lathe_edit& e) {
    if (!e.promised) {
      throw run_error(LATHE_FAILED_PRECONDITION,
                      "only a model with contents() can promise a parameter, while it is built");
    }
    e.transaction->promise_parameter(NodeId{node}, view_of(name), e.promised(source));
  });
}

lathe_code set_mask(lathe_call* call, lathe_edit* edit, std::uint32_t node, lathe_str parameter,
                    const lathe_tensor* mask) noexcept {
  return edit_call(call, edit, [&](Call&, lathe_edit& e) {
    std::optional<Tensor> given;
    if (mask != nullptr) given = copy_of(*mask);
    e.transaction->set_mask(NodeId{node}, view_of(parameter), std::move(given));
  });
}

std::string_view role_of(lathe_str role) {
  const std::string_view wanted = view_of(role);
  if (role_named(wanted) == LATHE_ROLE_NONE) {
    throw PluginMistake(
        fmt::format("there is no role '{}'; known: data_in, weight, bias, data_out", wanted));
  }
  return wanted;
}

void give_format(Call& call, lathe_edit& edit, std::uint32_t node, lathe_str role, lathe_str format,
                 const lathe_value* options) {
  const std::string_view of_role = role_of(role);
  const Node& drafted = edit.transaction->node(NodeId{node});
  const OpRow& row = row_of(edit.graph->graph->ops(), drafted);
  check_format_role(drafted, row, of_role);
  edit.transaction->set_format(
      NodeId{node},
      operand_format(*call.context().registry, view_of(format), options, of_role, drafted, row));
}

lathe_code set_format(lathe_call* call, lathe_edit* edit, std::uint32_t node, lathe_str role,
                      lathe_str format, const lathe_value* options) noexcept {
  return edit_call(call, edit,
                   [&](Call& c, lathe_edit& e) { give_format(c, e, node, role, format, options); });
}

lathe_code clear_format(lathe_call* call, lathe_edit* edit, std::uint32_t node,
                        lathe_str role) noexcept {
  return edit_call(call, edit, [&](Call&, lathe_edit& e) {
    e.transaction->clear_format(NodeId{node}, role_of(role));
  });
}

lathe_code set_formats(lathe_call* call, lathe_edit* edit,
                       const lathe_format_edit_table* table) noexcept {
  return edit_call(call, edit, [&](Call& c, lathe_edit& e) {
    each_row(table, LATHE_SIZE_UP_TO(lathe_format_edit, options),
             [&](const lathe_format_edit& row) {
               if (row.format.size == 0) {
                 e.transaction->clear_format(NodeId{row.node}, role_of(row.role));
               } else {
                 give_format(c, e, row.node, row.role, row.format, row.options);
               }
             });
  });
}

lathe_code commit(lathe_call* call, lathe_edit* edit) noexcept {
  return edit_call(call, edit, [&](Call& c, lathe_edit& e) { c.graphs().commit(e); });
}

void rollback(lathe_call* call, lathe_edit* edit) noexcept {
  service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    c.graphs().find(edit).transaction.reset();
  });
}

lathe_code assign(lathe_call* call, lathe_graph* graph, const lathe_graph* other) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    lathe_graph& to = c.graphs().find(graph);
    const lathe_graph& from = c.graphs().find(other);
    GraphHandles::check_editable(to);
    if (!from.edits.empty() && from.edits.back()->transaction)
      throw run_error(LATHE_FAILED_PRECONDITION,
                      "a transaction on the other graph is open: commit or roll it back first");
    GraphHandles::set_contents(to, *from.graph);
    if (to.owned == nullptr) c.context().notes.drop_nodes();
  });
}

}  // namespace

const lathe_edit_api& service_table(HostService<lathe_edit_api>) {
  static constexpr lathe_edit_api kTable{
      LATHE_SIZE_UP_TO(lathe_edit_api, promise_parameter),
      0,
      begin,
      add_node,
      set_args,
      set_kwargs,
      replace_uses,
      remove,
      set_attribute,
      set_attributes,
      rename,
      set_parameter,
      set_mask,
      set_format,
      set_formats,
      clear_format,
      commit,
      rollback,
      assign,
      promise_parameter,
  };
  return kTable;
}

}  // namespace lathe
