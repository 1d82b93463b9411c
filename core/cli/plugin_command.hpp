// `lathe plugin list|show|build|new`: what there is, what it takes, and how to make one's own.
#pragma once

#include "core/plugin/registry.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace lathe {

// The words after `plugin`; makes the registry itself, from --plugin and the default folders, and
// only where a command needs one: a broken plugin must not keep anyone from building another.
// Returns the exit code; throws Error.
int run_plugin_command(const std::vector<std::string>& words);

// One file each: plugin_build.cpp, plugin_new.cpp, plugin_show.cpp.
struct BuildRequest {
  std::filesystem::path source;
  std::filesystem::path output;             // empty: NAME.so in the working directory
  std::vector<std::string> more_arguments;  // for the compiler
};
void build_plugin(const BuildRequest& request, bool json);

struct NewRequest {
  std::string kind;
  std::string name;
  std::string language = "cpp";  // or c
};
void new_plugin(const NewRequest& request, bool json);

// Every component of that id (the kind may be given as "pass:flops").
void show_component(const Registry& registry, const std::string& id, bool json);
// From the stamps alone; `kind` empty: all.
void list_plugins(const Registry& registry, const std::string& kind, bool json);

// The SDK's parts beside the executable: <prefix>/include, <prefix>/share/lathe/templates.
std::filesystem::path installed(const std::filesystem::path& relative);

}  // namespace lathe
