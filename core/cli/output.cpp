// Unbuffered: a result is written once, whole, at the end of a command.
#include "core/cli/output.hpp"

#include "core/error.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace lathe {

void Output::write(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      throw run_error(
          LATHE_UNAVAILABLE,
          std::string("cannot write the result to standard output: ") + std::strerror(errno));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace lathe
