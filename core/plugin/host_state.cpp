// What belongs to the process is remembered by the first plugin function that begins and compared
// after each that ends: with two jobs, what one plugin leaves must not become what the other's
// call is measured by.
#include "core/plugin/host_state.hpp"

#include "core/base/log.hpp"
#include "core/plugin/forked.hpp"
#include "core/plugin/in_plugin.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <clocale>
#include <cstring>
#include <locale>
#include <mutex>
#include <unordered_set>
#include <utility>
#include <vector>

namespace lathe {

namespace {

// Those that a run is ended by, and that of a closed pipe.
constexpr std::array<int, 3> kSignals{SIGINT, SIGTERM, SIGPIPE};

bool same(const struct sigaction& a, const struct sigaction& b) {
  return a.sa_flags == b.sa_flags && a.sa_handler == b.sa_handler;
}

// The kernel writes its own part of it; the rest stays zero.
sigset_t signal_mask() {
  sigset_t mask;
  std::memset(&mask, 0, sizeof mask);
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return mask;
}

bool same(const sigset_t& a, const sigset_t& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

// Descriptors 0, 1 and 2. A file that the host opens must not get a number that others write to.
class StandardStreams {
 public:
  void remember() {
    for (Stream& s : streams_) {
      struct stat now{};
      if (fstat(s.number, &now) != 0) continue;  // closed, or not open from the start
      if (s.kept >= 0 && s.is(now)) continue;
      if (s.kept >= 0) close(s.kept);
      s.kept = fcntl(s.number, F_DUPFD_CLOEXEC, 3);
      s.device = now.st_dev;
      s.inode = now.st_ino;
    }
  }
  // True if one was closed or led elsewhere.
  bool restore() {
    bool changed = false;
    for (const Stream& s : streams_) {
      struct stat now{};
      if (s.kept < 0 || (fstat(s.number, &now) == 0 && s.is(now))) continue;
      changed = dup2(s.kept, s.number) == s.number || changed;
    }
    return changed;
  }

 private:
  struct Stream {
    int number;
    int kept = -1;
    dev_t device = 0;
    ino_t inode = 0;
    bool is(const struct stat& now) const { return now.st_dev == device && now.st_ino == inode; }
  };
  std::array<Stream, 3> streams_{{{0}, {1}, {2}}};
};

// How often what only system calls tell is looked at after functions that run in every trial.
constexpr std::chrono::milliseconds kLookAgain{5};

// What was found changed, and is put back.
struct Change {
  std::string what;  // empty: nothing
  std::string ran;   // who can have done it, as a list; empty: nobody but who has just come back
};

class ProcessState {
 public:
  // `often`: true if nothing that costs a system call is to be looked at around this call.
  bool skips(const PluginCall& call) {
    const std::lock_guard lock(mutex_);
    if (!known_ || std::chrono::steady_clock::now() - looked_ >= kLookAgain) return false;
    if (inside_ == 0) remember_locales();
    ++inside_;
    ++ran(call).inside;
    return true;
  }

  Change leave_skipped(const PluginCall& call) {
    const std::lock_guard lock(mutex_);
    --inside_;
    --ran(call).inside;
    unseen_ = skipped_ = true;
    const bool changed = restore_locales();
    return found(changed ? "the locale" : "", inside_ == 0);
  }

  void remember_now() {
    const std::lock_guard lock(mutex_);
    remember_locales();
    remember();
  }

  Change enter(const PluginCall& call, bool in_trial) {
    const std::lock_guard lock(mutex_);
    Change change;
    if (inside_ == 0) remember_locales();
    if (!known_ || (inside_ == 0 && !in_trial && !unseen_)) {
      remember();
    } else if (!in_trial) {
      change.what = restore();
      if (!change.what.empty()) change.ran = names_of_ran();
      forget_ran();
    }
    ++inside_;
    ++ran(call).inside;
    return change;
  }

  Change leave(const PluginCall& call, bool in_trial) {
    const std::lock_guard lock(mutex_);
    --inside_;
    --ran(call).inside;
    const auto now = std::chrono::steady_clock::now();
    if (in_trial && now - looked_ < kLookAgain) {
      unseen_ = true;
      const bool late = std::exchange(skipped_, false);
      return found(restore_what_files_need(), inside_ == 0 && !late);
    }
    looked_ = now;
    skipped_ = false;
    const bool late = std::exchange(unseen_, false);
    const Change change = found(restore(), inside_ == 0 && !late);
    forget_ran();
    return change;
  }

 private:
  // A function that has run since everything was last looked at, or runs now.
  struct Ran {
    std::string who, file;
    const char* call;
    int inside = 0;
    bool is(const PluginCall& other) const {
      return call == other.call && who == other.who && file == other.file;
    }
  };

  Ran& ran(const PluginCall& call) {
    if (last_ < ran_.size() && ran_[last_].is(call)) return ran_[last_];
    for (last_ = 0; last_ < ran_.size(); ++last_)
      if (ran_[last_].is(call)) return ran_[last_];
    return ran_.emplace_back(Ran{call.who, call.file, call.call});
  }
  void forget_ran() {
    std::erase_if(ran_, [](const Ran& known) { return known.inside == 0; });
  }
  std::string names_of_ran() const {
    std::string names;
    for (const Ran& known : ran_) {
      names += names.empty() ? "" : ", ";
      names += text_of(PluginCall{known.who.c_str(), known.file.c_str(), known.call});
    }
    return names;
  }
  Change found(std::string what, bool alone) const {
    const bool tell = !what.empty() && !alone;
    return {std::move(what), tell ? names_of_ran() : ""};
  }

  void remember_locales() {
    cpp_locale_ = std::locale();
    c_locale_ = std::setlocale(LC_ALL, nullptr);
  }

  void remember() {
    remember_folder();
    streams_.remember();
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], nullptr, &actions_[i]);
    if (!known_) {  // once: there is no way to read it without changing it
      umask_ = umask(077);
      umask(umask_);
    }
    known_ = true;
  }

  // Held open: a path may lead elsewhere by then.
  void remember_folder() {
    struct stat now{};
    if (stat(".", &now) != 0) return;
    if (folder_ >= 0 && now.st_dev == device_ && now.st_ino == inode_) return;
    if (folder_ >= 0) close(folder_);
    folder_ = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    device_ = now.st_dev;
    inode_ = now.st_ino;
  }

  // The names of what had been changed, eg: "the working folder, the umask".
  std::string restore() {
    std::string changed;
    const auto add = [&](const char* what) {
      changed += changed.empty() ? what : fmt::format(", {}", what);
    };
    if (streams_.restore()) add("the standard streams");
    if (const std::string more = restore_what_files_need(); !more.empty()) add(more.c_str());
    if (restore_signals()) add("how signals are taken");
    return changed;
  }

  // What the host's next file is written by: where, with which rights, which decimal point.
  std::string restore_what_files_need() {
    std::string changed;
    const auto add = [&](const char* what) {
      changed += changed.empty() ? what : fmt::format(", {}", what);
    };
    if (restore_folder()) add("the working folder");
    if (restore_locales()) add("the locale");
    if (umask(umask_) != umask_) add("the umask");
    return changed;
  }

  bool restore_folder() {
    struct stat now{};
    if (folder_ < 0) return false;
    if (stat(".", &now) == 0 && now.st_dev == device_ && now.st_ino == inode_) return false;
    return fchdir(folder_) == 0;
  }

  bool restore_locales() {
    const bool cpp = std::locale() != cpp_locale_;
    if (cpp) std::locale::global(cpp_locale_);
    const bool c = c_locale_ != std::setlocale(LC_ALL, nullptr);
    if (c) std::setlocale(LC_ALL, c_locale_.c_str());
    return c || cpp;
  }

  bool restore_signals() {
    bool changed = false;
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      struct sigaction now{};
      sigaction(kSignals[i], nullptr, &now);
      if (same(now, actions_[i])) continue;
      sigaction(kSignals[i], &actions_[i], nullptr);
      changed = true;
    }
    return changed;
  }

  std::mutex mutex_;
  int inside_ = 0;
  std::vector<Ran> ran_;
  std::size_t last_ = 0;  // found in ran_
  bool known_ = false;    // remembered at all
  bool unseen_ = false;   // a function ended, and not all was looked at
  bool skipped_ = false;  // nor what files need
  std::chrono::steady_clock::time_point looked_;
  int folder_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  StandardStreams streams_;
  std::locale cpp_locale_;
  std::string c_locale_;
  std::array<struct sigaction, kSignals.size()> actions_{};
  mode_t umask_ = 0;
};

ProcessState& process() {
  static auto* const state = new ProcessState;  // outlives static destructors
  return *state;
}

// Once for each key.
void warn_once(const std::string& key, const std::string& message) {
  static std::mutex mutex;
  static auto* const seen = new std::unordered_set<std::string>;
  {
    const std::lock_guard lock(mutex);
    if (!seen->insert(key).second) return;
  }
  log_warning("{}", message);
}

// When it cannot be told who of several did it. Once for each thing that is changed: who ran
// meanwhile differs from time to time.
void warn_of(const Change& change) {
  warn_once(change.what,
            fmt::format("{} was changed and is put back; since the last look at it ran "
                        "{}",
                        change.what, change.ran));
}

}  // namespace

void NumberMode::set() const {
#if defined(__x86_64__)
  constexpr std::uint32_t kHappened = 0x3f;
  const auto control = static_cast<std::uint32_t>(bits_);
  __builtin_ia32_ldmxcsr((__builtin_ia32_stmxcsr() & kHappened) | control);
  const auto x87 = static_cast<std::uint16_t>(bits_ >> 32);
  asm volatile("fldcw %0" : : "m"(x87));
#elif defined(__aarch64__)
  asm volatile("msr fpcr, %0" : : "r"(bits_));
#else
  fesetround(static_cast<int>(bits_));
#endif
}

void put_back_host_state() {
  static const std::string nobody;
  static const std::filesystem::path no_file;
  const HostState looking(Guarded::everything, nobody, no_file, "");
}

void remember_host_state() { process().remember_now(); }

PluginCall HostState::plugin_call() const { return {who_.c_str(), file_.c_str(), call_}; }

void HostState::remember() {
  skips_ = guarded_ == Guarded::often && process().skips(plugin_call());
  if (!skips_) look_before();
  locale_ = uselocale(nullptr);
}

void HostState::look_before() {
  const Change change = process().enter(plugin_call(), in_trial());
  if (!change.what.empty()) warn_of(change);
  // What a call that was skipped left must not pass for the host's.
  thread_local std::optional<sigset_t> of_thread;
  if (guarded_ != Guarded::often || !of_thread) of_thread = signal_mask();
  signal_mask_ = *of_thread;
}

void HostState::compare() noexcept {
  compare_thread();
  try {
    const Change change = skips_ ? process().leave_skipped(plugin_call())
                                 : process().leave(plugin_call(), in_trial());
    if (change.what.empty()) return;
    change.ran.empty() ? warn(change.what) : warn_of(change);
  } catch (...) {
    // The memory for a sentence is lacking; what could be put back is.
  }
}

void HostState::compare_thread() noexcept {
  if (!skips_ && !same(signal_mask(), signal_mask_)) {
    pthread_sigmask(SIG_SETMASK, &signal_mask_, nullptr);
    warn("the signals that its thread holds back");
  }
  if (uselocale(nullptr) != locale_) {
    uselocale(locale_);
    warn("the locale of its thread");
  }
}

void HostState::restore_numbers() noexcept {
  numbers_.set();
  warn("how floating-point numbers are rounded or flushed to zero");
}

void HostState::warn(std::string_view what) const noexcept {
  try {
    const std::string message =
        fmt::format("{} changed {}; it is put back", text_of(plugin_call()), what);
    warn_once(message, message);
  } catch (...) {
    // A warning is not worth a failure.
  }
}

}  // namespace lathe
