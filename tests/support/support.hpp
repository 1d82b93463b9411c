// What tests share: golden files, the data folder, temporary folders, the built executable.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace lathe_test {

// Where the build has put things.
std::filesystem::path source_dir();
std::filesystem::path build_dir();
std::filesystem::path built_plugin_dir();
std::filesystem::path executable();  // lathe
std::filesystem::path golden(const std::string& name);

nlohmann::json golden_json(const std::string& name);

// Ends this test process as "skipped" in CTest's eyes.
[[noreturn]] void skip(const std::string& why);

// The folder of real data; a case without it is skipped, visibly.
std::filesystem::path data_dir();

// A folder that goes away with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "lathe-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace lathe_test
