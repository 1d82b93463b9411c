#include "core/cli/commands/installed.hpp"

namespace lathe {

std::filesystem::path installed(const std::filesystem::path& relative) {
  const std::filesystem::path executable = std::filesystem::canonical("/proc/self/exe");
  return executable.parent_path().parent_path() / relative;
}

}  // namespace lathe
