// Where the fixture plugins are, and how to put copies of them into folders.
#pragma once

#include "core/base/error.hpp"
#include "tests/support/messages.hpp"
#include "tests/support/support.hpp"

#include <algorithm>
#include <filesystem>
#include <string>

namespace lathe_test {

inline std::filesystem::path fixture(const std::string& name) {
  return lathe_test::build_dir() / "tests" / "fixtures" / (name + ".so");
}

inline std::filesystem::path copy_fixture(const std::string& name,
                                          const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(fixture(name), folder / (name + ".so"));
  return folder / (name + ".so");
}

}  // namespace lathe_test
