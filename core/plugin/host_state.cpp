// What belongs to the process is remembered by the first plugin function that begins and compared
// after each that ends: with two jobs, what one plugin leaves must not become what the other's
// call is measured by.
#include "core/plugin/host_state.hpp"

#include "core/plugin/in_plugin.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <clocale>
#include <cstring>
#include <locale>
#include <mutex>
#include <unordered_set>

namespace lathe {

namespace {

// Those that a run is ended by, and that of a closed pipe.
constexpr std::array<int, 3> kSignals{SIGINT, SIGTERM, SIGPIPE};

bool same(const struct sigaction& a, const struct sigaction& b) {
  return a.sa_flags == b.sa_flags && a.sa_handler == b.sa_handler;
}

bool same(const sigset_t& a, const sigset_t& b) {
  for (int signal = 1; signal < NSIG; ++signal) {
    if (sigismember(&a, signal) != sigismember(&b, signal)) return false;
  }
  return true;
}

class ProcessState {
 public:
  // What was changed before by a function that still runs; put back.
  std::string enter() {
    const std::lock_guard lock(mutex_);
    std::string changed = inside_ == 0 ? "" : restore();
    if (inside_++ == 0) remember();
    return changed;
  }
  struct Left {
    std::string changed;
    bool alone;  // no other function runs
  };
  Left leave() {
    const std::lock_guard lock(mutex_);
    --inside_;
    return {restore(), inside_ == 0};
  }

 private:
  void remember() {
    remember_folder();
    cpp_locale_ = std::locale();
    c_locale_ = std::setlocale(LC_ALL, nullptr);
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], nullptr, &actions_[i]);
    if (!umask_known_) {  // once: there is no way to read it without changing it
      umask_ = umask(077);
      umask(umask_);
      umask_known_ = true;
    }
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
    if (restore_folder()) add("the working folder");
    if (restore_locale()) add("the locale");
    if (restore_signals()) add("how signals are taken");
    if (umask(umask_) != umask_) add("the umask");
    return changed;
  }

  bool restore_folder() {
    struct stat now{};
    if (folder_ < 0) return false;
    if (stat(".", &now) == 0 && now.st_dev == device_ && now.st_ino == inode_) return false;
    return fchdir(folder_) == 0;
  }

  bool restore_locale() {
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
  int folder_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::locale cpp_locale_;
  std::string c_locale_;
  std::array<struct sigaction, kSignals.size()> actions_{};
  mode_t umask_ = 0;
  bool umask_known_ = false;
};

ProcessState& process() {
  static auto* const state = new ProcessState;  // outlives static destructors
  return *state;
}

void warn_once(const std::string& message) {
  static std::mutex mutex;
  static auto* const seen = new std::unordered_set<std::string>;
  {
    const std::lock_guard lock(mutex);
    if (!seen->insert(message).second) return;
  }
  spdlog::warn("{}", message);
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

std::string HostState::name() const {
  return text_of(PluginCall{who_.c_str(), file_.c_str(), call_});
}

void HostState::remember() {
  if (const std::string changed = process().enter(); !changed.empty())
    warn_once(
        fmt::format("{} was changed before {} began, by a function that still runs; it is put "
                    "back",
                    changed, name()));
  pthread_sigmask(SIG_SETMASK, nullptr, &signal_mask_);
  locale_ = uselocale(nullptr);
}

void HostState::compare() noexcept {
  compare_thread();
  try {
    const auto [changed, alone] = process().leave();
    if (changed.empty()) return;
    warn_once(alone ? fmt::format("{} changed {}; it is put back", name(), changed)
                    : fmt::format("{} was changed while {} ran; it is put back", changed, name()));
  } catch (...) {
    // The memory for a sentence is lacking; what could be put back is.
  }
}

void HostState::compare_thread() noexcept {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  if (!same(mask, signal_mask_)) {
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
    warn_once(fmt::format("{} changed {}; it is put back", name(), what));
  } catch (...) {
    // A warning is not worth a failure.
  }
}

}  // namespace lathe
