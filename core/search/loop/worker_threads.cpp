#include "core/search/loop/worker_threads.hpp"

#include "core/base/log.hpp"
#include "core/host/run.hpp"

#include <fmt/format.h>

#include <system_error>

namespace lathe {

WorkerThreads::WorkerThreads(std::size_t wanted, const std::function<void(std::size_t index)>& work)
    : work_(work) {
  constexpr std::string_view kWayOut =
      "raise the limit of processes (ulimit -u, or that of the container), or ask for fewer with "
      "--jobs";
  threads_.reserve(wanted);
  for (std::size_t i = 0; i < wanted; ++i) {
    try {
      threads_.emplace_back([this, i, run = RunOfThread::get()] {
        const RunOfThread working(run);
        work_(i);
      });
    } catch (const std::system_error&) {
      if (i == 0)
        throw run_error(
            LATHE_RESOURCE_EXHAUSTED,
            fmt::format("the system gives no thread to evaluate trials on; {}", kWayOut));
      log_warning("the system gives {} threads of the {} that --jobs asks for; {}", i, wanted,
                  kWayOut);
      return;
    }
  }
}

void WorkerThreads::join() {
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

}  // namespace lathe
