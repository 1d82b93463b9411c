// lathe.exec/0: running graphs on behalf of plugins.

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"
#include "core/host/services/tensor_pool.hpp"

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

const Dataset& dataset(Call& call) {
  const RunContext& context = call.context();
  if (!context.dataset) {
    throw run_error(LATHE_FAILED_PRECONDITION, "this run has no data set; name one with --dataset");
  }
  return context.dataset();
}

const Graph& graph_of(Call& call, const lathe_graph* handle) {
  const std::lock_guard lock(call.mutex);
  return *call.graphs().find(handle).graph;
}

Rows rows_of(Call& call, const lathe_rows* source) {
  lathe_rows given{};
  if (source != nullptr) {
    std::memcpy(&given, source, std::min<std::size_t>(source->struct_size, sizeof given));
  }
  Rows rows;
  if (const std::string_view word = view_of(given.split); !word.empty()) {
    const std::optional<Split> split = split_from_name(word);
    if (!split) {
      throw usage_error(
          fmt::format("there is no split '{}'; known: train, validation, test", word));
    }
    rows.split = *split;
  }
  rows.samples = given.samples;
  rows.batch_size = given.batch_size != 0 ? given.batch_size : call.context().batch_size;
  rows.cancelled = call.context().cancelled;
  return rows;
}

lathe_code run(lathe_call* call, const lathe_graph* graph, const DLTensor* const* inputs,
               std::uint64_t input_count, const DLTensor* const** outputs,
               std::uint64_t* output_count) noexcept {
  return service_call(call, [&](Call& c) {
    Executor& engine = executor(c);
    const Graph& g = graph_of(c, graph);
    const std::size_t expected = g.placeholders().size();
    if (input_count != expected || (inputs == nullptr && expected > 0)) {
      throw usage_error(
          fmt::format("the graph has {} placeholders, but {} inputs came", expected, input_count));
    }
    std::vector<Tensor> in;
    for (std::uint64_t i = 0; i < input_count; ++i) {
      if (inputs[i] == nullptr) throw usage_error(fmt::format("its input {} is null", i));
      in.push_back(Tensor::copy_of(*inputs[i]));
    }
    std::vector<Tensor> out = engine.run(g, in);
    auto** views = static_cast<const DLTensor**>(
        c.scratch(std::max<std::size_t>(1, out.size()) * sizeof(DLTensor*), alignof(DLTensor*)));
    for (std::size_t i = 0; i < out.size(); ++i) views[i] = c.tensors().keep(std::move(out[i]));
    *outputs = views;
    *output_count = out.size();
  });
}

lathe_code evaluate(lathe_call* call, const lathe_graph* graph, const lathe_rows* rows,
                    lathe_evaluation* evaluation) noexcept {
  return service_call(call, [&](Call& c) {
    Executor& engine = executor(c);
    const Evaluation e = engine.evaluate(graph_of(c, graph), dataset(c), rows_of(c, rows));
    const lathe_evaluation full{
        evaluation->struct_size,    0,
        e.number("loss"),           e.number("accuracy"),
        e.number("accuracy_macro"), static_cast<std::uint64_t>(e.number("samples"))};
    std::memcpy(evaluation, &full, std::min<std::size_t>(evaluation->struct_size, sizeof full));
  });
}

// A copy that lives as long as the call's scratch memory.
template <typename T>
T* kept(Call& call, std::size_t count) {
  return static_cast<T*>(call.scratch(std::max<std::size_t>(1, count) * sizeof(T), alignof(T)));
}

lathe_code statistics_of(lathe_call* call, const lathe_graph* graph, const lathe_rows* rows,
                         const lathe_statistic* const** out, std::uint64_t* count) noexcept {
  return service_call(call, [&](Call& c) {
    Executor& engine = executor(c);
    const Evaluation e = engine.evaluate(graph_of(c, graph), dataset(c), rows_of(c, rows));
    const std::span<const Statistic> all = statistics();
    auto** list = kept<const lathe_statistic*>(c, all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::span<const double> found = e.values(all[i].name);
      auto* values = kept<double>(c, found.size());
      std::copy(found.begin(), found.end(), values);
      auto* one = kept<lathe_statistic>(c, 1);
      *one = {sizeof *one,
              static_cast<std::uint32_t>(all[i].form),
              {all[i].name.data(), all[i].name.size()},
              {all[i].doc.data(), all[i].doc.size()},
              values,
              found.size()};
      list[i] = one;
    }
    *out = list;
    *count = all.size();
  });
}

lathe_code observe(lathe_call* call, const lathe_graph* graph, const lathe_rows* rows,
                   const std::uint32_t* nodes, std::uint64_t node_count, lathe_observer observer,
                   void* user) noexcept {
  lathe_code stopped = LATHE_OK;
  const lathe_code code = service_call(call, [&](Call& c) {
    Executor& engine = executor(c);
    const Graph& g = graph_of(c, graph);
    if (observer == nullptr) throw usage_error("its observer is null");
    if (nodes == nullptr && node_count > 0) throw usage_error("its list of nodes is null");
    std::vector<NodeId> ids;
    for (std::uint64_t i = 0; i < node_count; ++i) {
      const NodeId id{nodes[i]};
      if (nodes[i] >= g.slots() || !g.alive(id)) {
        throw usage_error(fmt::format("the graph has no node with id {}", nodes[i]));
      }
      ids.push_back(id);
    }
    const auto see = [&](NodeId node, const Operand& operand, const Tensor& tensor) {
      std::pmr::monotonic_buffer_resource memory;
      const lathe_operand shown = to_abi(operand, memory);
      const DLTensor borrowed = tensor.dlpack();
      const lathe_code answer = c.attempt(
          [&](lathe_call* raw) { return observer(raw, user, index_of(node), &shown, &borrowed); });
      if (answer != LATHE_OK) throw ObserverStopped{answer};
    };
    try {
      engine.observe(g, dataset(c), rows_of(c, rows), ids, see);
    } catch (const ObserverStopped& stop) {
      stopped = stop.code;  // what it said is recorded already
    }
  });
  return stopped != LATHE_OK ? stopped : code;
}

}  // namespace

const lathe_exec_api& exec_service() {
  static constexpr lathe_exec_api kTable{
      LATHE_SIZE_UP_TO(lathe_exec_api, statistics), 0, run, evaluate, observe, statistics_of,
  };
  return kTable;
}

}  // namespace lathe
