// A TOML file as a tree with positions, keys in the order of the file. The only user of toml11.
#pragma once

#include "core/base/value.hpp"

#include <filesystem>

namespace lathe {

// "NA" strings become none. A value of a table is at the place of its key, an element of a list at
// its own. Throws usage_error: file:line:column and what the parser expected.
Value read_toml(const std::filesystem::path& path);
// Its text, read once from the first byte to the last: the path may be a pipe.
std::string read_config(const std::filesystem::path& path, std::string_view form = "TOML");
Value parse_toml(std::string_view text, const std::string& name);

}  // namespace lathe
