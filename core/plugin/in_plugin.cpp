#include "core/plugin/in_plugin.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <utility>

namespace lathe {

namespace {

// In the thread's own block from the start: a signal handler may not allocate it.
[[gnu::tls_model("initial-exec")]] thread_local InPlugin::Frame frame;
std::atomic<bool> watching = false;
static_assert(std::atomic<bool>::is_always_lock_free);

struct Fatal {
  int signal;
  const char* text;
};
constexpr std::array<Fatal, 5> kFatal{{{SIGSEGV, "a segmentation fault (SIGSEGV)"},
                                       {SIGBUS, "a bus error (SIGBUS)"},
                                       {SIGFPE, "an arithmetic error (SIGFPE)"},
                                       {SIGILL, "an illegal instruction (SIGILL)"},
                                       {SIGABRT, "abort() (SIGABRT)"}}};

// One line by write(2), which a handler may call.
void say(std::initializer_list<const char*> parts) {
  std::array<char, 8192> line;
  std::size_t size = 0;
  for (const char* part : parts) {
    const std::size_t more = std::min(std::strlen(part), line.size() - size);
    std::memcpy(line.data() + size, part, more);
    size += more;
  }
  const ssize_t ignored = write(STDERR_FILENO, line.data(), size);
  static_cast<void>(ignored);
}

void on_fatal_signal(int signal) {
  const char* what = "a signal";
  for (const Fatal& fatal : kFatal) {
    if (fatal.signal == signal) what = fatal.text;
  }
  const InPlugin::Frame in = frame;
  if (in.who != nullptr && watching) {
    say({"error: ", in.who, " of '", in.file, "' ended the run by ", what,
         "; what was written before is kept\n"});
    _exit(1);
  }
  say({"error: lathe was ended by ", what,
       "; this is a fault of lathe itself, please report it\n"});
  raise(signal);  // as if there were no handler: SA_RESETHAND
}

void on_exit() {
  if (!watching.exchange(false)) return;
  const InPlugin::Frame in = frame;
  if (in.who != nullptr) {
    say({"error: ", in.who, " of '", in.file,
         "' called exit() before the run was done; what was written before is kept\n"});
  } else {
    say(
        {"error: exit() was called before the run was done, on a thread that is not lathe's; a "
         "plugin or a library of it must not do that\n"});
  }
  _exit(1);
}

}  // namespace

InPlugin::InPlugin(const std::string& who, const std::filesystem::path& file)
    : outer_(std::exchange(frame, {who.c_str(), file.c_str()})) {}

InPlugin::~InPlugin() { frame = outer_; }

void watch_plugins() {
  // A stack that has run over leaves no room for the handler.
  constexpr std::size_t kStack = 64 * 1024;
  static std::array<char, kStack> memory;  // of the process: static destructors may crash as well
  stack_t stack{};
  stack.ss_sp = memory.data();
  stack.ss_size = kStack;
  sigaltstack(&stack, nullptr);
  struct sigaction action{};
  action.sa_handler = on_fatal_signal;
  action.sa_flags = static_cast<int>(SA_ONSTACK | SA_RESETHAND | SA_NODEFER);
  for (const Fatal& fatal : kFatal) sigaction(fatal.signal, &action, nullptr);
  watching = true;
  watch_exit();
}

void watch_exit() {
  std::atexit(on_exit);
  std::at_quick_exit(on_exit);
}

void work_is_done() { watching = false; }

}  // namespace lathe
