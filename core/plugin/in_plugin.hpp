// Knows on which thread whose plugin is running, so that a plugin that ends the process (a signal,
// abort, exit) is named, and the process never ends with 0 before its work is done.
#pragma once

#include <filesystem>
#include <string>

namespace lathe {

// Stands while a thread runs a plugin's code. `who` and `file` must outlive it. Costs two stores.
class InPlugin {
 public:
  InPlugin(const std::string& who, const std::filesystem::path& file);
  ~InPlugin();
  InPlugin(const InPlugin&) = delete;
  InPlugin& operator=(const InPlugin&) = delete;

  struct Frame {
    const char* who = nullptr;  // "pass 'prune'"; null: no plugin runs
    const char* file = nullptr;
  };

 private:
  Frame outer_;
};

// From here on, until work_is_done: SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT within a plugin,
// and exit() wherever it is called, end the process with exit code 1 and a line on stderr that
// names the plugin. Outside of plugins signals kill as ever, after a line. Call it once, in main.
void watch_plugins();
// Again before code that is not the host's first runs: what exit() calls last, it runs first.
void watch_exit();
// exit() is the host's own now.
void work_is_done();

}  // namespace lathe
