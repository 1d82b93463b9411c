// Knows on which thread whose plugin is running and in which of its functions, so that a plugin
// that ends the process (a signal, abort, exit) or holds it up is named, and the process never ends
// with 0 before its work is done.
// What it keeps per thread is atomics in static memory: signal handlers and other threads read it.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

namespace lathe {

struct PluginThread;

// Stands while a thread runs a plugin's code. All texts must outlive it. Costs a few stores.
class InPlugin {
 public:
  // `who`: "pass 'prune'"; empty: the file itself. `call`: the function's name, or a phrase:
  // "while it was loaded"; null: not known.
  InPlugin(const std::string& who, const std::filesystem::path& file, const char* call = nullptr);
  ~InPlugin();
  InPlugin(const InPlugin&) = delete;
  InPlugin& operator=(const InPlugin&) = delete;

 private:
  PluginThread& thread_;
};

// Stands while the host works for a plugin's function that asked it to: that time is not the
// plugin's. Costs a few stores.
class InService {
 public:
  InService();
  ~InService();
  InService(const InService&) = delete;
  InService& operator=(const InService&) = delete;

 private:
  PluginThread* thread_;  // null: a thread of the plugin's own
};

// A plugin function that is running.
struct PluginCall {
  const char* who;
  const char* file;
  const char* call;
};
std::string text_of(const PluginCall& call);  // "pass 'prune' of 'prune.so' in run()"
// The innermost that runs on this thread; nothing on a thread of the plugin's own.
std::optional<PluginCall> call_of_thread();

// From here on, until work_is_done: SIGSEGV, SIGABRT and their like within a plugin, and exit() and
// _exit() wherever they are called, end the process with exit code 1 and a line on stderr that
// names the plugin. Outside of plugins signals kill as ever, after a line; processes that a plugin
// forks are its own. Call it once, in main.
void watch_plugins();
// Again before code that is not the host's first runs: what exit() calls last, it runs first.
void watch_exit();
// exit() is the host's own now.
void work_is_done();

// Remembers the calls that run now, on all threads.
void mark_running_calls();
// One of those that were remembered and have not come back since, the innermost of its thread. Not
// one that waits for the same service of the host as when this was last asked.
std::optional<PluginCall> unreturned_call();

// A line on stderr by write(2): it and the two above may be called in a signal handler.
class SignalLine {
 public:
  SignalLine& operator<<(const char* text);
  SignalLine& operator<<(const PluginCall& call);
  void write();
  ~SignalLine();  // writes what is not yet written

 private:
  std::array<char, 8192> text_;
  std::size_t size_ = 0;
};

}  // namespace lathe
