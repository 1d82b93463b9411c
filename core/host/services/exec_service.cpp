// lathe.exec/0: running graphs on behalf of plugins.

#include "core/graph/io/abi_operand.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"
#include "core/host/services/tensor_pool.hpp"
#include "core/tensor/borrowed_tensor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace lathe {
namespace {

// An observer asked to stop: unwinds through the executor only.
struct ObserverStopped {
  lathe_code code;
};

Executor& executor(Call& call) {
  call.require(LATHE_FLAG_EXECUTES, "LATHE_FLAG_EXECUTES");
  const RunContext& context = call.context();
  if (!context.executor) {
    throw run_error(LATHE_FAILED_PRECONDITION, "this run has no engine to execute graphs with");
  }
  return context.executor();
}

const lathe_graph& handle_of(Call& call, const lathe_graph* handle) {
  const std::lock_guard lock(call.mutex);
  return call.graphs().find(handle);
}

const Graph& graph_of(Call& call, const lathe_graph* handle) {
  return *handle_of(call, handle).graph;
}

Rows rows_of(Call& call, const lathe_rows* source) {
  lathe_rows given{};
  if (source != nullptr) {
    std::memcpy(&given, source, std::min<std::size_t>(source->struct_size, sizeof given));
  }
  Rows rows;
  if (const std::string_view word = view_of(given.split); !word.empty()) {
    rows.split = known_split(word);
  }
  rows.samples = given.samples;
  rows.batch_size = given.batch_size != 0 ? given.batch_size : call.context().batch_size;
  rows.cancelled = call.context().cancelled;
  return rows;
}

lathe_code run(lathe_call* call, const lathe_graph* graph, const lathe_tensor* const* inputs,
               std::uint64_t input_count, const lathe_tensor* const** outputs,
               std::uint64_t* output_count) noexcept {
  return service_call(call, [&](Call& c) {
    Executor& engine = executor(c);
    const Graph& g = graph_of(c, graph);
    const std::size_t expected = g.placeholders().size();
    if (expected > 0) required(inputs, "inputs");
    if (input_count != expected) {
      throw usage_error(
          fmt::format("the graph has {} placeholders, but {} inputs came", expected, input_count));
    }
    std::vector<Tensor> in;
    for (std::uint64_t i = 0; i < input_count; ++i) {
      if (inputs[i] == nullptr) throw usage_error(fmt::format("its input {} is null", i));
      in.push_back(copy_of(*inputs[i]));
    }
    const std::vector<Tensor> out = engine.run(g, in);
    auto** views = c.kept<const lathe_tensor*>(out.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      views[i] = c.tensors().keep(out[i], LATHE_TENSOR_READ_ONLY);
    }
    required(outputs, "outputs") = views;
    required(output_count, "output_count") = out.size();
  });
}

lathe_code evaluate(lathe_call* call, const lathe_graph* graph, const lathe_rows* rows,
                    lathe_evaluation* evaluation) noexcept {
  return service_call(call, [&](Call& c) {
    Executor& engine = executor(c);
    const Evaluation e = engine.evaluate(graph_of(c, graph), c.dataset(), rows_of(c, rows));
    fill(evaluation, {0, 0, e.number("loss"), e.number("accuracy"), e.number("accuracy_macro"),
                      static_cast<std::uint64_t>(e.number("samples"))});
  });
}

lathe_code statistics_of(lathe_call* call, const lathe_graph* graph, const lathe_rows* rows,
                         const lathe_statistic* const** out, std::uint64_t* count) noexcept {
  return service_call(call, [&](Call& c) {
    Executor& engine = executor(c);
    const Evaluation e = engine.evaluate(graph_of(c, graph), c.dataset(), rows_of(c, rows));
    const std::span<const Statistic> all = statistics();
    auto** list = c.kept<const lathe_statistic*>(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::span<const double> found = e.values(all[i].name);
      auto* values = c.kept<double>(found.size());
      std::copy(found.begin(), found.end(), values);
      auto* one = c.kept<lathe_statistic>(1);
      *one = {sizeof *one,
              static_cast<std::uint32_t>(all[i].form),
              {all[i].name.data(), all[i].name.size()},
              {all[i].doc.data(), all[i].doc.size()},
              values,
              found.size()};
      list[i] = one;
    }
    required(out, "statistics") = list;
    required(count, "statistic_count") = all.size();
  });
}

lathe_code observe(lathe_call* call, const lathe_graph* graph, const lathe_rows* rows,
                   const std::uint32_t* nodes, std::uint64_t node_count, lathe_observer observer,
                   void* user) noexcept {
  lathe_code stopped = LATHE_OK;
  const lathe_code code = service_call(call, [&](Call& c) {
    Executor& engine = executor(c);
    const lathe_graph& g = handle_of(c, graph);
    required(observer, "observer");
    if (node_count > 0) required(nodes, "nodes");
    std::vector<NodeId> ids;
    for (std::uint64_t i = 0; i < node_count; ++i) ids.push_back(node_of(g, nodes[i]));
    const auto see = [&](const Observation& seen) {
      std::pmr::monotonic_buffer_resource memory;
      const lathe_operand operand = to_abi(seen.operand, memory);
      const BorrowedTensor tensor(seen.tensor);
      const lathe_observation shown{sizeof shown, index_of(seen.node), &operand, &tensor.view(),
                                    seen.batch,   seen.first_row,      seen.rows};
      const lathe_code answer = c.attempt({"observer", Guarded::numbers}, [&](lathe_call* raw) {
        return observer(raw, user, &shown);
      });
      if (answer != LATHE_OK) throw ObserverStopped{answer};
    };
    try {
      engine.observe(*g.graph, c.dataset(), rows_of(c, rows), ids, see);
    } catch (const ObserverStopped& stop) {
      stopped = stop.code;  // what it said is recorded already
    }
  });
  return stopped != LATHE_OK ? stopped : code;
}

}  // namespace

const lathe_exec_api& service_table(HostService<lathe_exec_api>) {
  static constexpr lathe_exec_api kTable{
      LATHE_SIZE_UP_TO(lathe_exec_api, statistics), 0, run, evaluate, observe, statistics_of,
  };
  return kTable;
}

}  // namespace lathe
