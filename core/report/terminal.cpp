#include "core/report/terminal.hpp"

#include "core/host/stdout_guard.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace lathe {

bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

bool stderr_can_redraw() {
  const char* const term = std::getenv("TERM");
  return stderr_is_terminal() && term != nullptr && *term != '\0' &&
         std::string_view(term) != "dumb";
}

bool stderr_has_colour() {
  const char* const no_colour = std::getenv("NO_COLOR");
  return stderr_can_redraw() && (no_colour == nullptr || *no_colour == '\0');
}

std::size_t terminal_columns(int descriptor) {
  winsize size{};
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

std::size_t output_columns() { return terminal_columns(fileno(host_output())); }

std::string output_table(const TextTable& table) { return render(table, output_columns()); }

}  // namespace lathe
