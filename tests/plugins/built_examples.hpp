// A registry with example plugins beside the built-in ones.
#pragma once

#include "tests/plugins/workbench.hpp"
#include "tests/support/examples.hpp"

namespace lathe_test {

class Built {
 public:
  explicit Built(const std::vector<std::string>& sources) {
    std::vector<std::filesystem::path> files;
    for (const std::string& source : sources) {
      files.push_back(built_example(source, folder_.path()));
    }
    registry_ = std::make_unique<lathe::Registry>(
        std::vector<lathe::PluginFolder>{{lathe_test::built_plugin_dir(), "built-in"}}, files);
  }
  const lathe::Registry& registry() const { return *registry_; }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<lathe::Registry> registry_;
};

}  // namespace lathe_test
