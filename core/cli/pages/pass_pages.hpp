// The documentation of passes, written from what they say of themselves: a page for each, and an
// index. The same bytes for the same passes.
#pragma once

#include "core/plugin/registry.hpp"

#include <filesystem>

namespace lathe {

// Of the passes that come with the program. Makes the folder; returns how many pages there are, the
// index not counted.
std::size_t write_pass_pages(const Registry& registry, const std::filesystem::path& folder);

}  // namespace lathe
