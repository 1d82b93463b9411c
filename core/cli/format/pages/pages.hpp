// The documentation of number formats, written from what they say of themselves: a page and a
// picture for each, and an index that compares them. The same bytes for the same formats.
#pragma once

#include "core/plugin/registry.hpp"

#include <filesystem>

namespace lathe {

// Of the formats that come with the program. Makes the folder; returns how many pages there are,
// the index not counted.
std::size_t write_format_pages(const Registry& registry, const std::filesystem::path& folder);

}  // namespace lathe
