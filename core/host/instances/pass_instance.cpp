// Passes as objects. A pass that may change the graph works on a copy, which replaces the graph
// only when all went well.

#include "core/host/instances/abi_value.hpp"
#include "core/host/instances/instances.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"

#include <algorithm>
#include <utility>

namespace lathe {
namespace {

std::vector<std::string> split(const char* text) {
  std::vector<std::string> out;
  std::string_view rest = text == nullptr ? std::string_view{} : std::string_view(text);
  while (!rest.empty()) {
    const std::size_t bar = rest.find('|');
    if (bar != 0) out.emplace_back(rest.substr(0, bar));
    rest = bar == std::string_view::npos ? std::string_view{} : rest.substr(bar + 1);
  }
  return out;
}

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
    call.enter([&](lathe_call* c) { return component.as<lathe_pass>().run(c, self, handle); });
  };
  if (component.has(LATHE_FLAG_MUTATES_GRAPH)) {
    Graph work = graph;
    run(work, &work);
    if (work.epoch() != graph.epoch()) graph = std::move(work);
  } else {
    run(graph, nullptr);
  }
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
  call.enter([&](lathe_call* c) { return pass.create(c, &tree, &self_); });
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
  return split(component_->as<lathe_pass>().scalars);
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

const OptionTable* format_table(const Registry& registry, std::string_view id) {
  return registry.knows(Kind::format, id) ? &registry.find(Kind::format, id).options : nullptr;
}

NodeMapRules node_map_rules(const Registry& registry, const Component& pass, const Option& option) {
  NodeMapRules rules;
  rules.targets = split(pass.as<lathe_pass>().targets);
  rules.option = &option;
  rules.owner = pass.options.owner;
  const std::optional<Kind> kind = kind_from_name(option.item_kind);
  if (kind) {
    rules.item_ids = registry.ids(*kind);
    rules.item_table = [&registry, kind = *kind](std::string_view id) -> const OptionTable* {
      return registry.knows(kind, id) ? &registry.find(kind, id).options : nullptr;
    };
  } else {
    rules.item_table = [](std::string_view) -> const OptionTable* { return nullptr; };
  }
  return rules;
}

}  // namespace lathe
