// Turns the const static data of a loaded plugin into the host's types, and refuses data that
// cannot be right. The data comes from outside: sizes, pointers and texts are checked first.
#pragma once

#include "core/plugin/registry.hpp"
#include "core/plugin/stamp.hpp"

#include <algorithm>
#include <cstring>

#include <string>
#include <vector>

namespace lathe {

// A service of another plugin, without which a file cannot work.
struct PluginNeed {
  std::string service;
  std::uint64_t table_size;
};

// What a file brings, as read from its descriptors; file and sha256 are filled in by the loader.
struct ModuleContents {
  std::vector<std::unique_ptr<Component>> components;
  std::vector<PluginService> services;
  std::vector<PluginNeed> needs;  // those of the host's are met
};

// Throws usage_error naming the file and the component.
ModuleContents read_module(const lathe_module* module, const Stamp& stamp,
                           const std::filesystem::path& path);

// Copies the first struct_size bytes of a plugin's struct over zeros, so that fields it did not
// know read as 0. REQUIRES: `source` begins with a uint32_t struct_size.
template <typename T>
T prefix_of(const void* source) {
  T out{};
  std::uint32_t size = 0;
  std::memcpy(&size, source, sizeof size);
  std::memcpy(&out, source, std::min<std::size_t>(size, sizeof(T)));
  return out;
}

}  // namespace lathe
