// The handler touches one lock-free flag and writes one line: both are safe in a signal handler.
#include "core/cli/interrupt.hpp"

#include <unistd.h>

#include <csignal>
#include <string_view>

namespace lathe {

namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void on_signal(int) {
  interrupted = true;
  constexpr std::string_view kText =
      "\ninterrupted: ending and saving what is done (once more kills at once)\n";
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, kText.data(), kText.size());
}

}  // namespace

const std::atomic<bool>& catch_interrupts() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  // Reset by the first signal, so that the second one kills.
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A closed pipe is an error of the write, not a death without a word.
  std::signal(SIGPIPE, SIG_IGN);
  return interrupted;
}

}  // namespace lathe
