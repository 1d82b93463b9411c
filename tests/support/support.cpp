#include "tests/support/support.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace lathe_test {

std::filesystem::path source_dir() { return LATHE_SOURCE_DIR; }
std::filesystem::path build_dir() { return LATHE_BUILD_DIR; }
std::filesystem::path built_plugin_dir() { return LATHE_BUILT_PLUGIN_DIR; }
std::filesystem::path executable() { return LATHE_EXECUTABLE; }
std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(LATHE_GOLDEN_DIR) / name;
}

nlohmann::json golden_json(const std::string& name) {
  std::ifstream in(golden(name));
  if (!in) throw std::runtime_error("no golden file " + golden(name).string());
  return nlohmann::json::parse(in);
}

[[noreturn]] void skip(const std::string& why) {
  std::fprintf(stderr, "SKIPPED: %s\n", why.c_str());
  std::fflush(nullptr);
  std::_Exit(77);
}

std::filesystem::path data_dir() {
  const char* dir = std::getenv("LATHE_DATA_DIR");
  if (dir == nullptr || *dir == '\0') skip("LATHE_DATA_DIR is not set");
  return dir;
}

}  // namespace lathe_test
