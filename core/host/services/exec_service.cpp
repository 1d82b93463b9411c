// lathe.exec/0: running and training graphs on behalf of plugins.

#include "core/graph/io/abi_operand.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"
#include "core/host/services/tensor_pool.hpp"
#include "core/tensor/borrowed_tensor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <optional>

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

lathe_graph& handle_of(Call& call, const lathe_graph* handle) {
  const std::lock_guard lock(call.mutex);
  return call.graphs().find(handle);
}

const Graph& graph_of(Call& call, const lathe_graph* handle) {
  return *handle_of(call, handle).graph;
}

bool counts_by_class(const RunContext& context, std::uint32_t asked) {
  if (asked == LATHE_BY_CLASS_OUTSIDE_TRIALS) return !context.in_trial || context.by_class;
  return asked == LATHE_BY_CLASS_YES;
}

Rows rows_of(Call& call, const lathe_rows* source, std::int64_t batch_size) {
  lathe_rows given{};
  if (source != nullptr) {
    std::memcpy(&given, source, std::min<std::size_t>(source->struct_size, sizeof given));
  }
  Rows rows;
  if (const std::string_view word = view_of(given.split); !word.empty()) {
    rows.split = known_split(word);
  }
  rows.samples = given.samples;
  rows.batch_size = given.batch_size != 0 ? given.batch_size : batch_size;
  rows.loss = call.context().loss;
  rows.by_class = counts_by_class(call.context(), given.by_class);
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
      throw PluginMistake(
          fmt::format("the graph has {} placeholders, but {} inputs came", expected, input_count));
    }
    std::vector<Tensor> in;
    for (std::uint64_t i = 0; i < input_count; ++i) {
      if (inputs[i] == nullptr) throw PluginMistake(fmt::format("its input {} is null", i));
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
                    lathe_statistic_table* out) noexcept {
  return service_call(call, [&](Call& c) {
    Executor& engine = executor(c);
    const Rows scored = rows_of(c, rows, c.context().rows_evaluated_at_once());
    const Evaluation e = engine.evaluate(graph_of(c, graph), c.dataset(), scored);
    const std::vector<const Statistic*>& all = e.statistics();
    auto* list = c.kept<lathe_statistic>(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::span<const double> found = e.values(all[i]->name);
      auto* values = c.kept<double>(found.size());
      std::ranges::copy(found, values);
      const bool matrix = all[i]->form == Statistic::Form::matrix;
      list[i] = {str_of(all[i]->name),
                 str_of(all[i]->doc),
                 static_cast<std::uint32_t>(all[i]->form),
                 matrix ? static_cast<std::uint32_t>(e.columns(*all[i])) : 0,
                 values,
                 found.size()};
    }
    fill(out, {0, sizeof(lathe_statistic), list, all.size()});
  });
}

// Runs `body`, which calls an observer of the plugin's; one that says it has seen enough ends it.
template <typename Body>
lathe_code observed_call(lathe_call* call, const Body& body) noexcept {
  lathe_code stopped = LATHE_OK;
  const lathe_code code = service_call(call, [&](Call& c) {
    try {
      body(c);
    } catch (const ObserverStopped& stop) {
      stopped = stop.code;  // what it said is recorded already
    }
  });
  return stopped != LATHE_OK ? stopped : code;
}

template <typename Observe, typename Seen>
void show(Call& call, Observe observer, void* user, const Seen& seen) {
  const lathe_code answer = call.attempt(
      {"observer", Guarded::numbers}, [&](lathe_call* raw) { return observer(raw, user, &seen); });
  if (answer != LATHE_OK) throw ObserverStopped{answer};
}

using Observe = void (Executor::*)(const Graph&, const Dataset&, const Rows&,
                                   const std::vector<NodeId>&, const Observer&);

template <Observe kObserve>
lathe_code observe(lathe_call* call, const lathe_graph* graph, const lathe_rows* rows,
                   const std::uint32_t* nodes, std::uint64_t node_count, lathe_observer observer,
                   void* user) noexcept {
  return observed_call(call, [&](Call& c) {
    Executor& engine = executor(c);
    const lathe_graph& g = handle_of(c, graph);
    required(observer, "observer");
    if (node_count > 0) required(nodes, "nodes");
    std::vector<NodeId> ids;
    for (std::uint64_t i = 0; i < node_count; ++i) ids.push_back(node_of(g, nodes[i]));
    const Rows watched = rows_of(c, rows, c.context().batch_size);
    (engine.*kObserve)(*g.graph, c.dataset(), watched, ids, [&](const Observation& seen) {
      std::pmr::monotonic_buffer_resource memory;
      const lathe_operand operand = to_abi(seen.operand, memory);
      const BorrowedTensor tensor(seen.tensor);
      std::optional<BorrowedTensor> gradient;
      if (seen.gradient != nullptr) gradient.emplace(*seen.gradient);
      const lathe_observation shown{
          sizeof shown, index_of(seen.node), &operand,  &tensor.view(),
          seen.batch,   seen.first_row,      seen.rows, gradient ? &gradient->view() : nullptr};
      show(c, observer, user, shown);
    });
  });
}

lathe_code gradients(lathe_call* call, const lathe_graph* graph, const lathe_rows* rows,
                     lathe_gradient_observer observer, void* user) noexcept {
  return observed_call(call, [&](Call& c) {
    Executor& engine = executor(c);
    required(observer, "observer");
    const Graph& g = graph_of(c, graph);
    const Rows batches = rows_of(c, rows, c.context().batch_size);
    engine.gradients(g, c.dataset(), batches, [&](const BatchGradients& seen) {
      std::deque<BorrowedTensor> tensors;
      std::vector<lathe_gradient> parameters;
      for (const BatchGradients::Row& row : seen.parameters) {
        const lathe_tensor& value = tensors.emplace_back(row.value).view();
        const lathe_tensor& gradient = tensors.emplace_back(row.gradient).view();
        parameters.push_back({index_of(row.node), 0, str_of(row.parameter.name),
                              str_of(row.parameter.qualified_name), &value, &gradient});
      }
      const lathe_gradients shown{sizeof shown,      sizeof(lathe_gradient), seen.loss,
                                  seen.batch,        seen.first_row,         seen.rows,
                                  parameters.data(), parameters.size()};
      show(c, observer, user, shown);
    });
  });
}

// The run's own training options, but for what the plugin gives.
TrainingOptions training_of(Call& call, const lathe_value* given) {
  const RunContext& context = call.context();
  Value options = context.run_options;
  options.set(kBatchSize.key, context.batch_size);
  options.set(kSeed.key, static_cast<std::int64_t>(context.seed));
  if (context.loss) options.set(kLoss.key, std::string(name(*context.loss)));
  if (given != nullptr) {
    const Value checked = check_training_options(from_abi(*given), "lathe.exec's train");
    for (const auto& [key, value] : checked.as_map()) options.set(key, value);
  }
  return training_options(options);
}

lathe_code train(lathe_call* call, lathe_graph* graph, const lathe_value* options,
                 lathe_training* result) noexcept {
  return service_call(call, [&](Call& c) {
    static const std::atomic<bool> never{false};
    Executor& engine = executor(c);
    lathe_graph& handle = handle_of(c, graph);
    GraphHandles::check_editable(handle);
    const std::atomic<bool>* cancelled = c.context().cancelled;
    TrainingResult trained = engine.train(*handle.graph, c.dataset(), training_of(c, options), {},
                                          cancelled != nullptr ? *cancelled : never);
    if (trained.interrupted) throw run_error(LATHE_CANCELLED, "the training was interrupted");
    {
      const std::lock_guard lock(c.mutex);
      GraphHandles::set_contents(handle, trained.best);
    }
    if (result == nullptr) return;
    const EpochMetrics& best = trained.epochs.at(static_cast<std::size_t>(trained.best_epoch));
    fill(result,
         {0, 0, trained.epochs.size(), best.number("train_loss"), best.number("validation_loss")});
  });
}

lathe_code outputs(lathe_call* call, const lathe_graph* graph, const lathe_rows* rows,
                   const lathe_tensor** outputs) noexcept {
  return service_call(call, [&](Call& c) {
    Executor& engine = executor(c);
    const Rows scored = rows_of(c, rows, c.context().rows_evaluated_at_once());
    const Tensor found = engine.outputs(graph_of(c, graph), c.dataset(), scored);
    required(outputs, "outputs") = c.tensors().keep(found, LATHE_TENSOR_READ_ONLY);
  });
}

}  // namespace

const lathe_exec_api& service_table(HostService<lathe_exec_api>) {
  static constexpr lathe_exec_api kTable{
      LATHE_SIZE_UP_TO(lathe_exec_api, outputs),
      0,
      run,
      evaluate,
      observe<&Executor::observe>,
      gradients,
      train,
      observe<&Executor::observe_gradients>,
      outputs,
  };
  return kTable;
}

}  // namespace lathe
