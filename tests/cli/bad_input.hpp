// The table of bad inputs: what a user may get wrong, and what the answer must say.
#pragma once

#include "tests/support/process.hpp"

#include <utility>

namespace lathe_test {

struct BadInput {
  std::string what;
  std::vector<std::pair<std::string, std::string>> files;  // written into the folder first
  Words words;
  int exit_code = 2;
  // Each must be in the last line of stderr: the place, the key or file, the way out.
  std::vector<std::string> says;
};

// Runs every row twice, as it is and with --json: the exit code, one sentence as the last line of
// stderr that says all it must, and nothing on stdout.
void check_bad_inputs(const std::vector<BadInput>& rows);

}  // namespace lathe_test
