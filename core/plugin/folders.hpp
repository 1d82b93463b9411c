// Where plugins are looked for.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lathe {

// A folder to look in.
struct PluginFolder {
  std::filesystem::path path;
  std::string source;
};

// The folders of this process in search order.
std::vector<PluginFolder> default_plugin_folders();

}  // namespace lathe
