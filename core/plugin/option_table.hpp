// A plugin's option table as the host's: types, ranges, choices and defaults are checked here, so
// that a table that contradicts itself is refused when its file is loaded.
#pragma once

#include "core/options/option.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace lathe {

// REQUIRES: count > 0. `stride` is sizeof(lathe_option) as the plugin knew it; shorter ones read
// as 0 beyond it. `who` is "pass 'quantize'". Throws usage_error naming file, component, option.
OptionTable read_option_table(const lathe_option* rows, std::uint64_t count, std::uint64_t stride,
                              const std::string& who, const std::filesystem::path& path);

// A NUL-terminated text of believable length; nothing if null or endless.
std::optional<std::string> bounded_text(const char* source);

}  // namespace lathe
