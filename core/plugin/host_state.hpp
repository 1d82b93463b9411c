// What of the host a plugin can change without saying so: how numbers are rounded, the locale, the
// working folder, how signals are taken. Put back after each of its functions, with a warning that
// names it: the next plugin, and the host, must compute as if it had not been there.
#pragma once

#include <locale.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#if !defined(__x86_64__) && !defined(__aarch64__)
#include <cfenv>
#endif

namespace lathe {

struct PluginCall;

// Rounding, flushing of denormal numbers to zero and masks of floating-point exceptions, of the
// thread. What has happened to numbers (inexact, overflow) is no part of it. Costs a few cycles.
class NumberMode {
 public:
  NumberMode() : bits_(now()) {}  // as it is
  void set() const;
  bool operator==(const NumberMode&) const = default;

 private:
#if defined(__x86_64__)
  static std::uint64_t now() {
    constexpr std::uint32_t kControl = 0xffc0;  // the bits below say what has happened
    std::uint16_t x87 = 0;
    asm volatile("fnstcw %0" : "=m"(x87));
    return (__builtin_ia32_stmxcsr() & kControl) | std::uint64_t{x87} << 32;
  }
#elif defined(__aarch64__)
  static std::uint64_t now() {
    std::uint64_t bits = 0;
    asm volatile("mrs %0, fpcr" : "=r"(bits));
    return bits;
  }
#else
  static std::uint64_t now() { return static_cast<std::uint64_t>(fegetround()); }
#endif

  std::uint64_t bits_;
};

// The host's own mode, while a plugin has called back into the host.
class HostNumbers {
 public:
  explicit HostNumbers(const NumberMode& host) : host_(host) {
    if (plugin_ != host_) host_.set();
  }
  ~HostNumbers() {
    if (plugin_ != host_) plugin_.set();
  }
  HostNumbers(const HostNumbers&) = delete;
  HostNumbers& operator=(const HostNumbers&) = delete;

 private:
  const NumberMode host_, plugin_;
};

// How much is looked at.
enum class Guarded {
  numbers,     // after functions that run thousands of times: kernels
  often,       // around a sampler's, several a trial; what costs system calls now and then
  trial,       // after those of each trial; what costs system calls at most every few milliseconds
  everything,  // after the others; some microseconds
};

// Stands around a plugin's function. All texts must outlive it; `call` as InPlugin has it.
class HostState {
 public:
  HostState(Guarded guarded, const std::string& who, const std::filesystem::path& file,
            const char* call)
      : guarded_(guarded), who_(who), file_(file), call_(call) {
    if (guarded_ != Guarded::numbers) remember();
  }
  ~HostState() {
    if (NumberMode() != numbers_) restore_numbers();
    if (guarded_ != Guarded::numbers) compare();
  }
  HostState(const HostState&) = delete;
  HostState& operator=(const HostState&) = delete;

 private:
  void remember();
  void look_before();
  void compare() noexcept;
  void compare_thread() noexcept;
  void restore_numbers() noexcept;
  void warn(std::string_view what) const noexcept;
  PluginCall plugin_call() const;
  bool in_trial() const { return guarded_ != Guarded::everything; }

  const NumberMode numbers_;
  const Guarded guarded_;
  const std::string& who_;
  const std::filesystem::path& file_;
  const char* call_;
  bool skips_ = false;  // looks at nothing that costs system calls
  // Of the thread, as they were. What belongs to the process is kept once for all who are inside.
  sigset_t signal_mask_;
  locale_t locale_ = nullptr;
};

// Puts back what functions looked at only `often` may have left, before the host writes files.
void put_back_host_state();

}  // namespace lathe
