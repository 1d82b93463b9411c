// Plugin components as C++ objects: each call crosses the ABI once, checks the code that comes
// back and turns it into an Error with plugin, node and option. Nothing here knows what a
// particular plugin does.
#pragma once

#include "core/host/run.hpp"
#include "core/options/node_map.hpp"

#include <memory>
#include <mutex>
#include <span>

namespace lathe {

// REQUIRES for all: `options` are checked (check_options) against component.options.

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

// The options table of a format id, for node maps.
const OptionTable* format_table(const Registry& registry, std::string_view id);
NodeMapRules node_map_rules(const Registry& registry, const Component& pass, const Option& option);

// Builds the graph of a model for `info`, with placeholders of that batch size.
Graph build_model(const Component& component, const Value& options, const DatasetInfo& info,
                  std::int64_t batch, std::uint64_t seed, RunContext& context);

// Thread-safe: a format's kernel may be called from several threads.
class FormatInstance {
 public:
  FormatInstance(const Component& component, const Value& options);
  ~FormatInstance();
  FormatInstance(const FormatInstance&) = delete;
  const Component& component() const { return *component_; }
  void quantize(const lathe_format_context& context, const DLTensor& x, DLTensor& y) const;
  bool has_backward() const;
  void backward(const lathe_format_context& context, const DLTensor& x, const DLTensor& dy,
                DLTensor& dx) const;
  double storage_bits(const Shape& shape) const;
  Value precision() const;  // a list

 private:
  const Component* component_;
  void* self_ = nullptr;
};
// One instance per (format, options), kept for the life of the process. Thread-safe.
const FormatInstance& format_instance(const Registry& registry, std::string_view id,
                                      const Value& options);

class SamplerInstance {
 public:
  SamplerInstance(const Component& component, const Value& options, const lathe_space& space);
  ~SamplerInstance();
  SamplerInstance(const SamplerInstance&) = delete;
  // False: the space is exhausted.
  bool suggest(std::uint64_t trial, std::span<double> parameters);
  void started(std::uint64_t trial, std::span<const double> parameters);
  // `values` empty: failed.
  void finished(std::uint64_t trial, lathe_trial_state state, std::span<const double> values,
                std::int64_t step);

 private:
  const Component* component_;
  void* self_ = nullptr;
};

}  // namespace lathe
