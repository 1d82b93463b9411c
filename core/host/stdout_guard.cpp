#include "core/host/stdout_guard.hpp"

#include "core/base/file.hpp"
#include "core/base/words/shown.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <exception>

namespace lathe {
namespace {

std::FILE* claimed = nullptr;

Error not_moved() {
  return run_error(LATHE_INTERNAL,
                   fmt::format("standard output cannot be moved aside: {}", system_text(errno)));
}

// All of it, waiting where the other end takes it slowly, also if whoever made the pipe wants no
// waiting. False, and errno, if it cannot be written.
bool write_whole(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t put = ::write(descriptor, text.data(), text.size());
    if (put > 0) {
      text.remove_prefix(static_cast<std::size_t>(put));
      continue;
    }
    if (put < 0 && errno == EINTR) continue;
    if (put == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return false;
    pollfd room{descriptor, POLLOUT, 0};
    if (poll(&room, 1, -1) < 0 && errno != EINTR) return false;
  }
  return true;
}

// What a library has put into the stream's buffer comes first.
void write_to_stderr(std::string_view text) noexcept {
  std::fflush(stderr);
  static_cast<void>(write_whole(STDERR_FILENO, text));
}

}  // namespace

void open_standard_streams() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(number, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest number that is free: this one, as those below are open.
    if (open("/dev/null", O_RDWR) != number) throw not_moved();
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

std::FILE* claim_stdout() {
  if (claimed != nullptr) return claimed;
  std::fflush(stdout);
  // Above the standard three, and not passed on to child processes.
  const int own = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (own < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) throw not_moved();
  claimed = fdopen(own, "w");
  if (claimed == nullptr) throw not_moved();
  return claimed;
}

std::FILE* host_output() { return claimed != nullptr ? claimed : stdout; }

void write_output(std::string_view text) { write_data(shown_lines(text)); }

void write_data(std::string_view text) {
  std::FILE* out = host_output();
  if (std::fflush(out) == 0 && write_whole(fileno(out), text)) return;
  throw run_error(LATHE_UNAVAILABLE,
                  fmt::format("standard output cannot be written: {}", system_text(errno)));
}

void write_talk(std::string_view text) noexcept {
  try {
    write_to_stderr(shown_lines(text));
  } catch (const std::exception&) {
    write_to_stderr("error: out of memory\n");
  }
}

void steer_terminal(std::string_view text) noexcept { write_to_stderr(text); }

}  // namespace lathe
