// A pass plugin as a C++ object.
#pragma once

#include "core/host/run.hpp"
#include "core/options/nodes/node_map.hpp"

#include <memory>
#include <mutex>
#include <span>

namespace lathe {

// REQUIRES: `options` are checked (check_options) against component.options.
class PassInstance {
 public:
  PassInstance(const Component& component, const Value& options, RunContext& context);
  ~PassInstance();
  PassInstance(PassInstance&&) noexcept;
  const Component& component() const { return *component_; }
  std::vector<std::string> scalars() const;  // it promises to publish
  // Runs on `graph`. On any failure the graph is as it was and an Error is thrown.
  // Warnings (unused selectors) go to the log once per message.
  PassReport run(Graph& graph, RunContext& context);
  // The same with the node map given already resolved per node: the search's fast path.
  PassReport run(Graph& graph, RunContext& context, std::span<const NodeOptions> node_options);

 private:
  std::unique_lock<std::mutex> turn();

  const Component* component_;
  Value options_;
  void* self_ = nullptr;
  std::unique_ptr<std::mutex> serial_;  // null: the pass takes calls from several threads
};

}  // namespace lathe
