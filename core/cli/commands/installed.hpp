// The SDK's parts beside the executable.
#pragma once

#include <filesystem>

namespace lathe {

// <prefix>/include, <prefix>/share/lathe/templates.
std::filesystem::path installed(const std::filesystem::path& relative);

}  // namespace lathe
