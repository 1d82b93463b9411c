// Passes as objects. A pass that may change the graph works on a copy, which replaces the graph
// only when all went well.

#include "core/host/instances/pass_instance.hpp"

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"

#include <algorithm>
#include <utility>

namespace lathe {
namespace {

PassReport run_pass(const Component& component, void* self, const Value& options, Graph& graph,
                    RunContext& context, std::optional<std::span<const NodeOptions>> rows) {
  PassReport report;
  report.pass = component.id;
  Call call(component, &context);
  call.options = &options;
  call.given_rows = rows;
  call.report = &report;
  call.graphs().set_original(graph);
  const auto run = [&](const Graph& g, Graph* editable) {
    lathe_graph* handle = call.graphs().add(g, editable);
    call.enter({"run", context.in_trial ? Guarded::trial : Guarded::everything},
               [&](lathe_call* c) { return component.as<lathe_pass>().run(c, self, handle); });
  };
  if (component.has(LATHE_FLAG_MUTATES_GRAPH)) {
    Graph work = graph;
    run(work, &work);
    if (work.epoch() != graph.epoch()) graph = std::move(work);
  } else {
    run(graph, nullptr);
  }
  context.notes.publish(report.pass, report.scalars);
  return report;
}

}  // namespace

PassInstance::PassInstance(const Component& component, const Value& options, RunContext& context)
    : component_(&component), options_(options) {
  if (!component.has(LATHE_FLAG_PARALLEL)) serial_ = std::make_unique<std::mutex>();
  const auto& pass = component.as<lathe_pass>();
  if (pass.create == nullptr) return;
  Call call(component, &context, Call::Phase::create);
  call.options = &options_;
  const lathe_value tree = to_abi(options_, call.memory());
  call.enter("create", [&](lathe_call* c) { return pass.create(c, &tree, &self_); });
}

PassInstance::~PassInstance() {
  if (component_ == nullptr) return;
  destroy_instance(*component_, component_->as<lathe_pass>().destroy, self_);
}

PassInstance::PassInstance(PassInstance&& other) noexcept
    : component_(std::exchange(other.component_, nullptr)),
      options_(std::move(other.options_)),
      self_(std::exchange(other.self_, nullptr)),
      serial_(std::move(other.serial_)) {}

std::vector<std::string> PassInstance::scalars() const {
  return split_bars(component_->as<lathe_pass>().scalars);
}

std::unique_lock<std::mutex> PassInstance::turn() {
  return serial_ ? std::unique_lock(*serial_) : std::unique_lock<std::mutex>();
}

PassReport PassInstance::run(Graph& graph, RunContext& context) {
  const auto lock = turn();
  return run_pass(*component_, self_, options_, graph, context, std::nullopt);
}

PassReport PassInstance::run(Graph& graph, RunContext& context,
                             std::span<const NodeOptions> node_options) {
  const auto lock = turn();
  return run_pass(*component_, self_, options_, graph, context, node_options);
}

}  // namespace lathe
