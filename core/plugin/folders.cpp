// Where plugins are looked for. Never the working directory itself, never LD_LIBRARY_PATH.

#include "core/plugin/folders.hpp"

#include "core/base/file.hpp"
#include "core/base/library.hpp"
#include "core/plugin/trust.hpp"

#include <cstdlib>

namespace lathe {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// Data files of this user, as the XDG base directory specification says.
std::filesystem::path user_data_folder() {
  const std::filesystem::path given = environment("XDG_DATA_HOME");
  if (given.is_absolute()) return given;
  const std::filesystem::path home = environment("HOME");
  return home.is_absolute() ? home / ".local" / "share" : std::filesystem::path();
}

}  // namespace

std::vector<PluginFolder> default_plugin_folders() {
  std::vector<PluginFolder> folders;
  std::error_code error;
  const std::filesystem::path here = std::filesystem::current_path(error);
  if (!error) folders.push_back({here / "plugins", "project"});

  std::string list = environment("LATHE_PLUGIN_PATH");
  while (!list.empty()) {
    const std::size_t colon = list.find(':');
    const std::string entry = list.substr(0, colon);
    list = colon == std::string::npos ? std::string() : list.substr(colon + 1);
    // An empty entry would mean the working directory to other programs.
    if (!entry.empty()) folders.push_back({absolute_path(in_home(entry)), "path"});
  }
  if (const auto user = user_data_folder(); !user.empty()) {
    folders.push_back({user / "lathe" / "plugins", "user"});
  }
  folders.push_back({host_library().parent_path() / "lathe" / "plugins", "built-in"});
  return folders;
}

}  // namespace lathe
