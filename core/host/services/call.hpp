// One call from the host into a plugin: what the plugin may reach, what it says when it fails, and
// the memory it borrows until it returns.
// A Call is made on the stack, handed to one plugin function, and dropped. Knows nothing about
// what the plugin function does.
//
//   Call call(component, &context);
//   call.enter("open", [&](lathe_call* c) { return set.open(c, self); });
#pragma once

#include "core/host/run.hpp"
#include "core/host/services/plugin_mistake.hpp"
#include "core/options/nodes/node_map.hpp"
#include "core/plugin/host_state.hpp"
#include "core/plugin/in_plugin.hpp"

#include <fmt/format.h>
#include <lathe/host.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <list>
#include <memory_resource>
#include <mutex>
#include <optional>

namespace lathe {

class GraphHandles;
class OpenedSpaces;
class TensorPool;
class UsedFormats;

// Which of its functions is called, and how much is looked at afterwards.
struct PluginFunction {
  PluginFunction(const char* function, Guarded looked_at = Guarded::everything)
      : name(function), guarded(looked_at) {}
  const char* name;
  Guarded guarded;
};

class Call : public lathe_call {
 public:
  // Making an instance, or working with it: a refusal while creating is the user's mistake.
  enum class Phase { create, work };

  // A null `context`: services that need one refuse; whether to stop is asked of the thread's run.
  explicit Call(const Component& component, RunContext* context = nullptr,
                Phase phase = Phase::work);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  static Call& of(lathe_call* call) { return *static_cast<Call*>(call); }

  // Calls the plugin and gives its code. What it throws against the rules is caught and recorded;
  // what it changed of the host is put back.
  template <typename Function>
  lathe_code attempt(PluginFunction entry, const Function& function) noexcept {
    const HostState guard(entry.guarded, component_.options.owner, component_.file, entry.name);
    const InPlugin running(component_.options.owner, component_.file, entry.name);
    const RunOfThread working(run_);
    try {
      return function(static_cast<lathe_call*>(this));
    } catch (...) {
      return record_throw();
    }
  }
  // The same; throws an Error that names plugin, node, option and place unless the code is OK.
  template <typename Function>
  void enter(PluginFunction entry, const Function& function) {
    const lathe_code code = attempt(entry, function);
    if (code != LATHE_OK) throw failure(code);
  }
  Error failure(lathe_code code) const;

  const Component& component() const { return component_; }
  // Throws FAILED_PRECONDITION if the call belongs to no run.
  RunContext& context();
  RunContext* context_or_null() const { return context_; }
  const Dataset& dataset();  // of the run, opened; throws FAILED_PRECONDITION if it has none
  // The table of a service that a plugin of this run offers; null if none does, or there is no run.
  const void* plugin_service(std::string_view id) const;
  // Throws PERMISSION_DENIED naming the flag if the component did not declare it.
  void require(lathe_component_flags flag, std::string_view flag_name) const;

  // What went wrong, for the plugin to read and for failure() to tell. Thread-safe.
  lathe_code record(lathe_code code, std::string_view text, const lathe_where* where = nullptr);
  lathe_code record_host_error();  // the exception in flight, thrown by the host's own code
  lathe_str last_error();          // a copy that is valid until the call ends
  // Memory for `count` of T, and copies of texts and values, that the plugin may keep until the
  // call ends.
  template <typename T>
  T* kept(std::size_t count) {
    return static_cast<T*>(scratch(std::max<std::size_t>(1, count) * sizeof(T), alignof(T)));
  }
  lathe_str kept_text(std::string_view text);
  const lathe_value* kept_value(Value value);  // take `mutex` first

  bool cancelled() const;
  void* scratch(std::uint64_t size, std::uint64_t align);
  void progress(std::uint64_t done, std::uint64_t total, std::string_view unit);

  const NumberMode& numbers() const { return numbers_; }  // the host's

  // Temporary memory; take `mutex` first when a plugin's threads may be about.
  std::pmr::memory_resource& memory() { return memory_; }
  std::mutex mutex;

  GraphHandles& graphs();
  TensorPool& tensors();
  UsedFormats& formats();  // take `mutex` first
  OpenedSpaces& spaces();  // likewise

  // Set by whoever runs a pass.
  const Value* options = nullptr;                          // as the user wrote them, checked
  std::optional<std::span<const NodeOptions>> given_rows;  // of the node map, already resolved
  PassReport* report = nullptr;

 private:
  struct Failure {
    lathe_code code = LATHE_OK;
    std::string text, node, option, file;
    std::uint64_t line = 0, column = 0;
    std::string in;                   // who said it: "pass 'prune' of 'prune.so' in run()"
    std::optional<Error> host_error;  // whence blame and place
    bool mistake = false;             // of the plugin's author
  };
  lathe_code record_throw() noexcept;
  std::unique_ptr<Failure> fresh_failure(lathe_code code, std::string_view text) const;
  Position place_of(const Failure& failure) const;
  bool asks_for_undeclared(const Failure& failure) const;

  const Component& component_;
  RunContext* context_;
  RunContext* run_;  // the context, or the thread's
  const NumberMode numbers_;
  Phase phase_;
  std::array<std::byte, 1024> first_memory_;
  std::pmr::monotonic_buffer_resource memory_;
  std::mutex failure_mutex_;
  std::unique_ptr<Failure> failure_;
  std::unique_ptr<GraphHandles> graphs_;
  std::unique_ptr<TensorPool> tensors_;
  std::unique_ptr<UsedFormats> formats_;
  std::unique_ptr<OpenedSpaces> spaces_;
  std::list<Value> values_;  // what trees of the ABI point into
  std::chrono::steady_clock::time_point last_progress_{};
};

// Frees a plugin's instance; never throws, whatever the plugin does. `destroy` may be null.
void destroy_instance(const Component& component, void (*destroy)(void*), void* self) noexcept;

// Fills a struct of the plugin's, as far as the plugin knows it.
template <typename T>
void fill(T* out, T full) {
  full.struct_size = required(out, "out").struct_size;
  std::memcpy(out, &full, std::min<std::size_t>(full.struct_size, sizeof full));
}

// Runs a service function's body; turns what it throws into a code and a text in the call.
template <typename Body>
lathe_code service_call(lathe_call* raw, const Body& body) noexcept {
  Call& call = Call::of(raw);
  const HostNumbers computing(call.numbers());
  const InService serving;
  try {
    body(call);
    return LATHE_OK;
  } catch (...) {
    return call.record_host_error();
  }
}

}  // namespace lathe
