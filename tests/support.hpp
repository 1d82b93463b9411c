// What tests share: golden files, the data folder, temporary folders, the built executable.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace lathe_test {

inline std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(LATHE_GOLDEN_DIR) / name;
}

inline nlohmann::json golden_json(const std::string& name) {
  std::ifstream in(golden(name));
  if (!in) throw std::runtime_error("no golden file " + golden(name).string());
  return nlohmann::json::parse(in);
}

// Ends this test process as "skipped" in CTest's eyes.
[[noreturn]] inline void skip(const std::string& why) {
  std::fprintf(stderr, "SKIPPED: %s\n", why.c_str());
  std::fflush(nullptr);
  std::_Exit(77);
}

// The folder of real data; a case without it is skipped, visibly.
inline std::filesystem::path data_dir() {
  const char* dir = std::getenv("LATHE_DATA_DIR");
  if (dir == nullptr || *dir == '\0') skip("LATHE_DATA_DIR is not set");
  return dir;
}

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
