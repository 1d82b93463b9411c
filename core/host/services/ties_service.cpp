// lathe.ties/0 (draft): parameters of a model that are one under several names.

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"

namespace lathe {
namespace {

bool has_nodes(const Transaction& transaction) {
  try {
    transaction.node(NodeId{0});
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Names of parameters follow from the ties when nodes are inferred: an edit of the empty graph
// begins anew with them.
lathe_code tie(lathe_call* call, lathe_edit* handle, lathe_str name, lathe_str kept) noexcept {
  return service_call(call, [&](Call& c) {
    const std::lock_guard lock(c.mutex);
    lathe_edit& edit = c.graphs().find(handle);
    if (!edit.builds_model || !edit.transaction || has_nodes(*edit.transaction)) {
      throw run_error(LATHE_FAILED_PRECONDITION,
                      "parameters are tied while a model is built, before its first node is added");
    }
    Graph& graph = *edit.graph->editable;
    Ties ties = graph.ties();
    ties.emplace(view_of(name), view_of(kept));
    graph = graph.with_ties(std::move(ties));
    edit.transaction = std::make_unique<Transaction>(graph);
  });
}

}  // namespace

const lathe_ties_api& service_table(HostService<lathe_ties_api>) {
  static constexpr lathe_ties_api kTable{LATHE_SIZE_UP_TO(lathe_ties_api, tie), 0, tie};
  return kTable;
}

}  // namespace lathe
