// Where the fixture plugins are, and how to put copies of them into folders.
#pragma once

#include "core/base/error.hpp"
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

// The message of the Error that `body` throws; empty if it throws none.
template <typename Body>
std::string message_of(const Body& body) {
  try {
    body();
  } catch (const lathe::Error& error) {
    return error.what();
  }
  return {};
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace lathe_test
