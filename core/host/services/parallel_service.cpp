// lathe.parallel/0: loops over the machine's cores. Threads live as long as one loop: no pool to
// keep, nothing to go wrong when a process forks, and a loop worth spreading costs far more than
// starting them.

#include "core/host/services/call.hpp"
#include "core/host/services/host_table.hpp"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>

namespace lathe {
namespace {

// Pieces per thread: enough that one slow piece does not keep everybody waiting.
constexpr std::uint64_t kPieces = 4;

// Set inside a loop's body: loops inside loops run on the thread they are on.
thread_local bool inside_loop = false;

std::uint32_t width(lathe_call* call) noexcept {
  const RunContext* context = Call::of(call).context_or_null();
  if (inside_loop || context == nullptr || context->in_trial) return 1;
  return std::max(1u, std::thread::hardware_concurrency());
}

void parallel_for(lathe_call* call, std::uint64_t count, std::uint64_t grain,
                  void (*body)(void* user, std::uint64_t begin, std::uint64_t end),
                  void* user) noexcept {
  if (count == 0 || body == nullptr) return;
  const std::uint64_t threads = width(call);
  const std::uint64_t piece =
      std::max({std::uint64_t{1}, grain, (count - 1) / (threads * kPieces) + 1});
  const std::uint64_t pieces = (count - 1) / piece + 1;
  if (threads == 1 || pieces == 1) {
    body(user, 0, count);
    return;
  }
  std::atomic<std::uint64_t> next{0};
  const Component& component = Call::of(call).component();
  const auto work = [&] {
    const InPlugin running(component.options.owner, component.file);
    const bool was_inside = inside_loop;
    inside_loop = true;
    for (std::uint64_t i = next++; i < pieces; i = next++) {
      body(user, i * piece, std::min(count, (i + 1) * piece));
    }
    inside_loop = was_inside;
  };
  std::vector<std::jthread> others;
  try {
    for (std::uint64_t i = 1; i < std::min(threads, pieces); ++i) others.emplace_back(work);
  } catch (const std::exception&) {
    // No more threads to be had: those there are do the rest.
  }
  work();
}

}  // namespace

const lathe_parallel_api& parallel_service() {
  static constexpr lathe_parallel_api kTable{
      LATHE_SIZE_UP_TO(lathe_parallel_api, width),
      0,
      parallel_for,
      width,
  };
  return kTable;
}

}  // namespace lathe
