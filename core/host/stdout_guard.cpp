#include "core/host/stdout_guard.hpp"

#include "core/base/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace lathe {
namespace {

std::FILE* claimed = nullptr;

}  // namespace

std::FILE* claim_stdout() {
  if (claimed != nullptr) return claimed;
  std::fflush(stdout);
  // Above the standard three, and not passed on to child processes.
  int own = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (own < 0) own = open("/dev/null", O_WRONLY | O_CLOEXEC);  // started with stdout closed
  if (own < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
    throw run_error(LATHE_INTERNAL,
                    fmt::format("standard output cannot be moved aside: {}", std::strerror(errno)));
  }
  claimed = fdopen(own, "w");
  if (claimed == nullptr) {
    throw run_error(LATHE_INTERNAL, "standard output cannot be opened anew");
  }
  return claimed;
}

std::FILE* host_output() { return claimed != nullptr ? claimed : stdout; }

void write_output(std::string_view text) {
  std::FILE* out = host_output();
  if (std::fwrite(text.data(), 1, text.size(), out) != text.size() || std::fflush(out) != 0) {
    throw run_error(LATHE_UNAVAILABLE,
                    fmt::format("standard output cannot be written: {}", std::strerror(errno)));
  }
}

}  // namespace lathe
