// Example plugins, each built from its one file with one compiler line, as a student would.
#pragma once

#include <filesystem>
#include <string>

namespace lathe_test {

// Builds examples/plugins/SOURCE into the folder; throws std::runtime_error with the compiler's
// line if that fails. Returns the plugin's file.
std::filesystem::path built_example(const std::string& source, const std::filesystem::path& folder);

}  // namespace lathe_test
