// What any call can ask of the host besides its arguments: log, progress, cancel, random numbers,
// threads.
#pragma once

#include <lathe/hpp/value.hpp>

#pragma GCC visibility push(hidden)

namespace lathe {

// Valid for the call it was made in.
class context {
 public:
  explicit context(lathe_call* call) : call_(call) {}

  void debug(std::string_view text) const { log(LATHE_LOG_DEBUG, text); }
  void info(std::string_view text) const { log(LATHE_LOG_INFO, text); }
  void warning(std::string_view text) const { log(LATHE_LOG_WARNING, text); }
  void progress(std::uint64_t done, std::uint64_t total, std::string_view unit) const {
    call_->host->progress(call_, done, total, to_str(unit));
  }
  bool cancelled() const { return call_->host->cancelled(call_) != 0; }
  // Leaves the plugin if the user has asked to stop.
  void stop_if_cancelled() const {
    if (cancelled()) throw error(LATHE_CANCELLED, "cancelled");
  }
  std::uint32_t symbol(std::string_view text) const {
    return call_->host->symbol(call_, to_str(text));
  }

  // Calls body(begin, end) on disjoint ranges that cover [0, count), on several threads. The first
  // exception that a body throws is thrown here, once all have returned.
  template <class Body>
  void parallel_for(std::uint64_t count, std::uint64_t grain, Body body) const {
    const auto* api = detail::service<lathe_parallel_api>(
        call_, LATHE_SVC_PARALLEL, LATHE_SIZE_UP_TO(lathe_parallel_api, width));
    const auto run = [](lathe_call* call, void* user, std::uint64_t begin,
                        std::uint64_t end) noexcept {
      return detail::guarded(call, [&] { (*static_cast<Body*>(user))(begin, end); });
    };
    detail::check(call_, api->parallel_for(call_, count, grain, run, &body));
  }

  lathe_call* raw() const { return call_; }

 private:
  void log(lathe_log_level level, std::string_view text) const {
    call_->host->log(call_, level, to_str(text));
  }
  lathe_call* call_;
};

// Counter-based random numbers: a pure function of (seed, stream, counter). May be kept and used
// from any thread.
class rng {
 public:
  explicit rng(context c)
      : api_(detail::service<lathe_rng_api>(c.raw(), LATHE_SVC_RNG,
                                            LATHE_SIZE_UP_TO(lathe_rng_api, stream))) {}

  std::uint64_t stream(std::string_view text) const { return api_->stream(to_str(text)); }
  // Uniform on [0, 1).
  double uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter) const {
    double x = 0;
    api_->uniform(seed, stream, counter, &x, 1);
    return x;
  }
  void uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter,
               span<double> out) const {
    api_->uniform(seed, stream, counter, out.data(), out.size());
  }
  // Uniform on 0, ..., count-1.
  std::uint64_t below(std::uint64_t count, std::uint64_t seed, std::uint64_t stream,
                      std::uint64_t counter) const {
    const auto i =
        static_cast<std::uint64_t>(uniform(seed, stream, counter) * static_cast<double>(count));
    return i < count ? i : count - 1;
  }

 private:
  const lathe_rng_api* api_;
};

}  // namespace lathe

#pragma GCC visibility pop
