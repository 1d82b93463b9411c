#include "core/plugin/in_plugin.hpp"

#include "core/plugin/forked.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace lathe {

namespace {

constexpr std::size_t kDepth = 8;  // a pass asks for a run, which calls a format, ...
constexpr std::size_t kThreads = 256;
constexpr std::size_t kStack = 32 * 1024;  // for a handler

struct Entry {
  std::atomic<const char*> who{nullptr};
  std::atomic<const char*> file{nullptr};
  std::atomic<const char*> call{nullptr};
  std::atomic<std::uint64_t> serial{0};   // of the thread's entries, from 1
  std::atomic<std::uint64_t> marked{0};   // the serial when calls were last remembered; 0: none
  std::atomic<std::uint64_t> service{0};  // the host works for it; a serial too, 0: it does not
  std::atomic<std::uint64_t> service_seen{0};
};

}  // namespace

// Written by its own thread alone, but for what is remembered.
struct PluginThread {
  std::atomic<bool> taken{false};
  std::atomic<std::uint32_t> depth{0};  // may be more than there are entries
  std::uint64_t serial = 0;
  std::array<Entry, kDepth> entries;
};

namespace {

std::array<PluginThread, kThreads> threads;
std::array<std::array<char, kStack>, kThreads> stacks;
std::atomic<bool> watching = false;
std::atomic<pid_t> host_process = 0;    // what a plugin forks may end as it likes
std::atomic<int> words_of_forked = -1;  // where a process that the host forked says who ended it
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

// In the thread's own block from the start: a signal handler may not allocate it.
[[gnu::tls_model("initial-exec")]] thread_local PluginThread spare;  // where all are taken
[[gnu::tls_model("initial-exec")]] thread_local PluginThread* own = nullptr;

// A stack that has run over leaves no room for the handler.
void use_signal_stack(std::array<char, kStack>& memory) {
  stack_t there{};
  if (sigaltstack(nullptr, &there) != 0 || (there.ss_flags & SS_DISABLE) == 0) return;
  stack_t stack{};
  stack.ss_sp = memory.data();
  stack.ss_size = memory.size();
  sigaltstack(&stack, nullptr);
}

// Gives back the thread's place when the thread ends. A thread that calls exit() out of a plugin
// ends as well, and is still to be named.
struct Place {
  ~Place() {
    if (own == nullptr || own == &spare || own->depth != 0) return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    if (watching) sigaltstack(&none, nullptr);
    own->taken = false;
    own = &spare;
  }
};

[[gnu::noinline]] PluginThread& take_place() {
  static thread_local const Place place;
  own = &spare;
  for (std::size_t i = 0; i < kThreads; ++i) {
    if (threads[i].taken.exchange(true)) continue;
    own = &threads[i];
    if (watching) use_signal_stack(stacks[i]);
    break;
  }
  return *own;
}

// "pass 'prune' of 'prune.so' in run()", word by word.
std::array<const char*, 7> words_of(const PluginCall& call) {
  const bool file_itself = *call.who == '\0';
  const bool named = call.call != nullptr;
  const bool phrase = named && std::strchr(call.call, ' ') != nullptr;
  return {call.who,
          file_itself ? "plugin '" : " of '",
          call.file,
          "'",
          phrase  ? " "
          : named ? " in "
                  : "",
          named ? call.call : "",
          named && !phrase ? "()" : ""};
}

std::optional<PluginCall> innermost(const PluginThread* thread) {
  if (thread == nullptr || thread->depth == 0) return std::nullopt;
  const Entry& e = thread->entries[std::min<std::size_t>(thread->depth, kDepth) - 1];
  return PluginCall{e.who, e.file, e.call};
}

// On whatever thread.
std::optional<PluginCall> any_call() {
  for (const PluginThread& thread : threads) {
    if (const auto call = innermost(&thread)) return call;
  }
  return std::nullopt;
}

struct Fatal {
  int signal;
  const char* text;
};
constexpr std::array<Fatal, 7> kFatal{{{SIGSEGV, "a segmentation fault (SIGSEGV)"},
                                       {SIGBUS, "a bus error (SIGBUS)"},
                                       {SIGFPE, "an arithmetic error (SIGFPE)"},
                                       {SIGILL, "an illegal instruction (SIGILL)"},
                                       {SIGTRAP, "a trap (SIGTRAP)"},
                                       {SIGSYS, "a refused system call (SIGSYS)"},
                                       {SIGABRT, "abort() (SIGABRT)"}}};

const char* text_of(int signal) {
  for (const Fatal& fatal : kFatal) {
    if (fatal.signal == signal) return fatal.text;
  }
  return "a signal";
}

// As _exit does, which is the plugins' here.
[[noreturn]] void end_now(int code) {
  for (;;) syscall(SYS_exit_group, code);
}

// As if there were no handler.
void die_of(int signal) {
  std::signal(signal, SIG_DFL);
  raise(signal);
}

void write_word(const char* word) {
  const ssize_t ignored = ::write(words_of_forked, word, std::strlen(word));
  static_cast<void>(ignored);
}

// Who runs on this thread, or else on any, and what it did.
void tell_host(const char* did, const char* what) {
  auto call = innermost(own);
  if (!call) call = any_call();
  if (!call) return;
  for (const char* word : words_of(*call)) write_word(word);
  write_word(did);
  write_word(what);
}

// Two threads may crash at once: the first one tells, and the others wait for the end.
void on_fatal_signal(int signal) {
  static std::atomic<long> teller{0};
  const long thread = syscall(SYS_gettid);
  long first = 0;
  if (host_process != getpid()) return die_of(signal);
  if (words_of_forked >= 0) {
    tell_host("", "");
    return die_of(signal);
  }
  if (!teller.compare_exchange_strong(first, thread)) {
    if (first == thread) return die_of(signal);  // while it was telling
    for (;;) pause();
  }
  if (const auto in = innermost(own); in && watching) {
    SignalLine() << "error: " << *in << " ended the run by " << text_of(signal)
                 << "; what was written before is kept\n";
    end_now(1);
  }
  if (const auto other = any_call(); other && watching) {
    SignalLine() << "error: " << text_of(signal)
                 << " on a thread that is in no plugin's function ended the run; running was "
                 << *other << "\n";
  } else {
    SignalLine() << "error: lathe was ended by " << text_of(signal)
                 << "; this is a fault of lathe itself, please report it\n";
  }
  die_of(signal);
}

// Ends the process by itself if the host's work is not done.
void refuse_end(const char* function, int code) {
  if (host_process != getpid() || !watching.exchange(false)) return;
  if (words_of_forked >= 0) {
    tell_host(" called ", function);
    end_now(code);
  }
  if (const auto in = innermost(own)) {
    SignalLine() << "error: " << *in << " called " << function << " before the run was done; "
                 << "what was written before is kept\n";
    end_now(1);
  }
  SignalLine line;
  line << "error: " << function
       << " was called before the run was done, on a thread that is not lathe's; a "
          "plugin or a library of it must not do that";
  if (const auto other = any_call()) line << "; running was " << *other;
  line << "\n";
  line.write();
  end_now(1);
}

constexpr int kUnknownCode = 1;

void at_exit() { refuse_end("exit()", kUnknownCode); }
void at_exit_with(int code, void*) { refuse_end("exit()", code); }

}  // namespace

InPlugin::InPlugin(const std::string& who, const std::filesystem::path& file, const char* call)
    : thread_(own == nullptr ? take_place() : *own) {
  const std::uint32_t depth = thread_.depth.load(std::memory_order_relaxed);
  if (depth < kDepth) {
    Entry& e = thread_.entries[depth];
    e.who.store(who.c_str(), std::memory_order_relaxed);
    e.file.store(file.c_str(), std::memory_order_relaxed);
    e.call.store(call, std::memory_order_relaxed);
    e.service.store(0, std::memory_order_relaxed);
    e.serial.store(++thread_.serial, std::memory_order_relaxed);
  }
  thread_.depth.store(depth + 1, std::memory_order_release);
}

InPlugin::~InPlugin() {
  const std::uint32_t depth = thread_.depth.load(std::memory_order_relaxed) - 1;
  if (depth < kDepth) thread_.entries[depth].serial.store(0, std::memory_order_relaxed);
  thread_.depth.store(depth, std::memory_order_release);
}

InService::InService() : thread_(own) {
  if (thread_ == nullptr) return;
  const std::uint32_t depth = thread_->depth.load(std::memory_order_relaxed);
  if (depth == 0 || depth > kDepth) {
    thread_ = nullptr;
    return;
  }
  thread_->entries[depth - 1].service.store(++thread_->serial, std::memory_order_relaxed);
}

InService::~InService() {
  if (thread_ == nullptr) return;
  const std::uint32_t depth = thread_->depth.load(std::memory_order_relaxed);
  thread_->entries[depth - 1].service.store(0, std::memory_order_relaxed);
}

void watch_plugins() {
  static std::array<char, kStack> memory;  // of the process: static destructors may crash as well
  use_signal_stack(memory);
  struct sigaction action{};
  action.sa_handler = on_fatal_signal;
  action.sa_flags = static_cast<int>(SA_ONSTACK | SA_NODEFER);
  for (const Fatal& fatal : kFatal) sigaction(fatal.signal, &action, nullptr);
  host_process = getpid();
  watching = true;
  watch_exit();
}

void watch_plugins_of_forked(int words) {
  words_of_forked = words;
  host_process = getpid();
  watching = true;
  watch_exit();
}

void watch_exit() {
  std::atexit(at_exit);
  std::at_quick_exit(at_exit);
  if (words_of_forked >= 0) on_exit(at_exit_with, nullptr);
}

void work_is_done() { watching = false; }

void mark_running_calls() {
  for (PluginThread& thread : threads) {
    if (!thread.taken) continue;
    for (Entry& e : thread.entries) e.marked = e.serial.load();
  }
}

std::optional<PluginCall> unreturned_call() {
  std::optional<PluginCall> found;
  for (PluginThread& thread : threads) {
    if (!thread.taken) continue;
    for (std::size_t i = kDepth; i-- > 0;) {
      Entry& e = thread.entries[i];
      const std::uint64_t service = e.service;
      const bool same_service = e.service_seen.exchange(service) == service && service != 0;
      const std::uint64_t serial = e.serial;
      const PluginCall call{e.who, e.file, e.call};
      const bool held = serial != 0 && serial == e.marked && serial == e.serial;
      if (held && !same_service && !found) found = call;
    }
  }
  return found;
}

SignalLine& SignalLine::operator<<(const char* text) {
  const std::size_t more = std::min(std::strlen(text), text_.size() - size_);
  std::memcpy(text_.data() + size_, text, more);
  size_ += more;
  return *this;
}

// Names of components and files may hold what steers a terminal.
SignalLine& SignalLine::operator<<(const PluginCall& call) {
  const std::size_t before = size_;
  for (const char* word : words_of(call)) *this << word;
  for (std::size_t i = before; i < size_; ++i) {
    const auto byte = static_cast<unsigned char>(text_[i]);
    if (byte < 0x20 || byte == 0x7f) text_[i] = '?';
  }
  return *this;
}

std::optional<PluginCall> call_of_thread() { return innermost(own); }

std::string text_of(const PluginCall& call) {
  std::string text;
  for (const char* word : words_of(call)) text += word;
  return text;
}

void SignalLine::write() {
  const ssize_t ignored = ::write(STDERR_FILENO, text_.data(), std::exchange(size_, 0));
  static_cast<void>(ignored);
}

SignalLine::~SignalLine() { write(); }

}  // namespace lathe

// Those of the C library run nothing that atexit() was told: a plugin that calls one of them in the
// middle of a run would end it with its own exit code, 0 perhaps. Plugins find these first.
extern "C" {
[[gnu::visibility("default")]] void _exit(int code) {
  lathe::refuse_end("_exit()", code);
  lathe::end_now(code);
}
[[gnu::visibility("default")]] void _Exit(int code) noexcept {
  lathe::refuse_end("_Exit()", code);
  lathe::end_now(code);
}
}
