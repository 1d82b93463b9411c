// lathe.parallel/0: loops over the machine's cores. Threads live as long as one loop: no pool to
// keep, nothing to go wrong when a process forks, and a loop worth spreading costs far more than
// starting them.

#include "core/host/services/call.hpp"
#include "core/host/services/host_table.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

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

using Body = lathe_code(lathe_call* call, void* user, std::uint64_t begin, std::uint64_t end);

// The pieces of one loop, for several threads to take.
class Loop {
 public:
  Loop(Call& call, std::uint64_t count, std::uint64_t piece, Body* body, void* user)
      : call_(call), count_(count), piece_(piece), body_(body), user_(user) {}

  std::uint64_t pieces() const { return (count_ - 1) / piece_ + 1; }

  void work() noexcept {
    const bool was_inside = std::exchange(inside_loop, true);
    for (std::uint64_t i = next_++; i < pieces() && outcome_ == LATHE_OK; i = next_++) {
      const std::uint64_t end = std::min(count_, (i + 1) * piece_);
      const lathe_code code =
          call_.cancelled()
              ? LATHE_CANCELLED
              : call_.attempt({"in a parallel body", Guarded::numbers},
                              [&](lathe_call* raw) { return body_(raw, user_, i * piece_, end); });
      lathe_code none = LATHE_OK;
      if (code != LATHE_OK) outcome_.compare_exchange_strong(none, code);
    }
    inside_loop = was_inside;
  }
  lathe_code outcome() const { return outcome_; }  // of the first piece that failed

 private:
  Call& call_;
  const std::uint64_t count_, piece_;
  Body* const body_;
  void* const user_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<lathe_code> outcome_{LATHE_OK};
};

lathe_code parallel_for(lathe_call* call, std::uint64_t count, std::uint64_t grain, Body* body,
                        void* user) noexcept {
  if (count == 0) return LATHE_OK;
  const lathe_code checked = service_call(call, [&](Call&) { required(body, "body"); });
  if (checked != LATHE_OK) return checked;
  const std::uint64_t threads = width(call);
  Loop loop(Call::of(call), count,
            std::max({std::uint64_t{1}, grain, (count - 1) / (threads * kPieces) + 1}), body, user);
  std::vector<std::jthread> others;
  try {
    for (std::uint64_t i = 1; i < std::min(threads, loop.pieces()); ++i) {
      others.emplace_back([&] { loop.work(); });
    }
  } catch (const std::exception&) {
    // No more threads to be had: those there are do the rest.
  }
  loop.work();
  for (std::jthread& other : others) other.join();
  return loop.outcome();
}

}  // namespace

const lathe_parallel_api& service_table(HostService<lathe_parallel_api>) {
  static constexpr lathe_parallel_api kTable{
      LATHE_SIZE_UP_TO(lathe_parallel_api, width),
      0,
      parallel_for,
      width,
  };
  return kTable;
}

}  // namespace lathe
