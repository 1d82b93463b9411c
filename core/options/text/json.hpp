// A JSON file as a tree with positions, keys in the order of the file. Knows nothing about what the
// keys mean.
#pragma once

#include "core/base/value.hpp"

#include <filesystem>

namespace lathe {

// Throws usage_error: file:line:column and what is wrong there; also for a key that is there twice.
// A value is at its own place, null is none.
Value read_json(const std::filesystem::path& path);
Value parse_json(std::string_view text, const std::string& name);

}  // namespace lathe
