// lathe.edit/0: changing graphs, by transactions.

#include "core/graph/io/abi_value.hpp"
#include "core/host/instances/format_choice.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace lathe {
namespace {

constexpr std::array<std::string_view, 4> kRoles{"data_in", "weight", "bias", "data_out"};

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
  if (data == nullptr && count > 0) throw usage_error(fmt::format("its {} are null", what));
  return {data, count};
}

NodeSpec spec_of(const lathe_node_spec* source, const lathe_edit& edit, Call& call) {
  if (source == nullptr || source->struct_size < LATHE_SIZE_UP_TO(lathe_node_spec, arg_count)) {
    throw usage_error("its node has no believable struct_size");
  }
  lathe_node_spec s{};
  s.after = LATHE_NONE_ID;
  std::memcpy(&s, source, std::min<std::size_t>(source->struct_size, sizeof s));
  if (s.opcode > LATHE_OUTPUT) throw usage_error(fmt::format("there is no opcode {}", s.opcode));
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
  out.after = NodeId{s.after};
  if (edit.builds_model && out.opcode == Opcode::placeholder) {
    // A model declares one sample; the run says how many stand in a batch.
    if (out.attributes.find("shape") == nullptr) {
      const Value* shape = call.graphs().sample_shape();
      if (shape == nullptr) {
        throw usage_error(fmt::format("placeholder '{}' has no shape, and the data set gives none",
                                      out.target.empty() ? out.name : out.target));
      }
      out.attributes.set("shape", *shape);
    }
    if (out.attributes.find("batch") == nullptr) {
      out.attributes.set("batch", Value(call.graphs().batch()));
    }
  }
  return out;
}

lathe_code begin(lathe_call* call, lathe_graph* graph, lathe_edit** edit) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    *edit = c.graphs().begin(c.graphs().find(graph));
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
    if (value == nullptr) throw usage_error("its value is null");
    e.transaction->set_attribute(NodeId{node}, view_of(key), from_abi(*value));
  });
}

lathe_code rename(lathe_call* call, lathe_edit* edit, std::uint32_t node, lathe_str name) noexcept {
  return edit_call(call, edit, [&](Call&, lathe_edit& e) {
    e.transaction->rename(NodeId{node}, view_of(name));
  });
}

lathe_code set_parameter(lathe_call* call, lathe_edit* edit, std::uint32_t node, lathe_str name,
                         const DLTensor* tensor) noexcept {
  return edit_call(call, edit, [&](Call&, lathe_edit& e) {
    if (tensor == nullptr) throw usage_error("its tensor is null");
    e.transaction->set_parameter(NodeId{node}, view_of(name), Tensor::copy_of(*tensor));
  });
}

lathe_code set_format(lathe_call* call, lathe_edit* edit, std::uint32_t node, lathe_str role,
                      const char* format, const lathe_value* options) noexcept {
  return edit_call(call, edit, [&](Call& c, lathe_edit& e) {
    const std::string_view wanted = view_of(role);
    if (std::ranges::find(kRoles, wanted) == kRoles.end()) {
      throw usage_error(
          fmt::format("there is no role '{}'; known: data_in, weight, bias, data_out", wanted));
    }
    if (format == nullptr) {
      e.transaction->clear_format(NodeId{node}, wanted);
      return;
    }
    OperandFormat chosen = format_choice(*c.context().registry, format, options);
    chosen.role = wanted;
    e.transaction->set_format(NodeId{node}, std::move(chosen));
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

}  // namespace

const lathe_edit_api& edit_service() {
  static constexpr lathe_edit_api kTable{
      LATHE_SIZE_UP_TO(lathe_edit_api, rollback),
      0,
      begin,
      add_node,
      set_args,
      replace_uses,
      remove,
      set_attribute,
      rename,
      set_parameter,
      set_format,
      commit,
      rollback,
  };
  return kTable;
}

}  // namespace lathe
