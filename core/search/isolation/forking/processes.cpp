#include "core/search/isolation/forking/processes.hpp"

#include "core/base/error.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

namespace lathe {
namespace {

namespace fs = std::filesystem;

// The parent is the second word behind the name, which stands in brackets and may hold anything.
pid_t parent_of(const fs::path& folder) {
  std::ifstream in(folder / "stat");
  std::string line;
  std::getline(in, line);
  const std::size_t name_ends = line.rfind(')');
  if (name_ends == std::string::npos || name_ends + 4 > line.size()) return 0;
  pid_t parent = 0;
  std::from_chars(line.data() + name_ends + 4, line.data() + line.size(), parent);
  return parent;
}

std::vector<pid_t> children() {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename().string();
    pid_t number = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (failed != std::errc{} || end != name.data() + name.size()) continue;
    if (parent_of(entry.path()) == getpid()) found.push_back(number);
  }
  return found;
}

}  // namespace

std::size_t count_threads() {
  std::error_code failed;
  std::size_t threads = 0;
  for (fs::directory_iterator at("/proc/self/task", failed), end; !failed && at != end;
       at.increment(failed))
    ++threads;
  if (threads == 0)
    throw run_error(LATHE_UNAVAILABLE,
                    "/proc/self/task does not tell how many threads run, which --isolate has to "
                    "know; mount /proc, or leave --isolate out");
  return threads;
}

void kill_children_but(const std::function<bool(pid_t child)>& keep) {
  for (bool any = true; any;) {
    any = false;
    for (const pid_t child : children()) {
      if (keep(child)) continue;
      any = true;
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
  }
}

std::string text_of_status(int status) {
  if (WIFEXITED(status)) return fmt::format("ended with exit status {}", WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  const char* const name = sigabbrev_np(signal);
  if (name == nullptr) return fmt::format("was killed by signal {}", signal);
  return fmt::format("was killed by SIG{}", name);
}

}  // namespace lathe
