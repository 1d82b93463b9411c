// Opens a plugin file and brings its components into the process, for good: nothing is unloaded,
// because unloading code that others may still point into is how hosts crash.
#pragma once

#include "core/plugin/descriptor.hpp"

#include <string>
#include <vector>

namespace lathe {

struct LoadedModule {
  ModuleContents contents;
  std::vector<std::string> warnings;  // lint: exported symbols, LibTorch among its libraries
};

// `path` is a real path without links; `listed` is the stamp it was listed with. Throws
// usage_error naming the file.
LoadedModule load_module(const std::filesystem::path& path, const Stamp& listed);

// What would make a plugin fragile, found without running it.
std::vector<std::string> lint(const ElfFile& file, const std::filesystem::path& path);

}  // namespace lathe
