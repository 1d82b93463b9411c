// Runs the built executable as a user would: words, a folder to stand in, an environment without
// anything of the developer's.
#pragma once

#include "tests/support/support.hpp"

#include <functional>
#include <string>
#include <vector>

namespace lathe_test {

struct Outcome {
  int exit_code = 0;  // 128 + signal if it was killed
  std::string out;
  std::string err;

  std::string last_line() const;  // of err
  nlohmann::json json() const;    // out, which must be one JSON object
};

using Words = std::vector<std::string>;

// `variables` are added to the environment, "NAME=value", or taken out of it, "NAME". `in_child`
// runs in the child last before the executable: what it does to descriptors, limits, user and
// working folder is what a user may find.
Outcome run_lathe(const Words& words, const std::filesystem::path& folder,
                  const Words& variables = {}, const std::function<void()>& in_child = {});
// The same for a run that must end with 0; one that does not ends the test case.
Outcome good(const Words& words, const std::filesystem::path& folder);
// Started and left running; wait_for() ends it.
int start_lathe(const Words& words, const std::filesystem::path& folder,
                const std::filesystem::path& out, const std::filesystem::path& err,
                const Words& variables = {}, const std::function<void()>& in_child = {});
int wait_for(int process);  // the exit code, as in Outcome

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& contents);

}  // namespace lathe_test
