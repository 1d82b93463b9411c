// The project's promises, held against the executable a user has: what these cases share.
#pragma once

#include "tests/support/process.hpp"

#include <functional>
#include <string>
#include <vector>

namespace lathe_test {

// Runs and insists on success; the outcome's stderr is the message if not.
Outcome succeed(const Words& words, const std::filesystem::path& folder,
                const Words& variables = {});

// The letters A to E of UCI Letter as a component; skips the case without data.
std::string letters();

// log.json without the columns that hold times, one line per trial.
std::string log_without_times(const std::filesystem::path& log_json);

// Copies a search file of tests/golden/search_space.json into the folder and returns its name.
std::string golden_search_file(std::size_t which, const std::filesystem::path& folder);

// Kills the process with SIGKILL after so many milliseconds, if it is still running by then.
// Returns whether it was.
bool kill_after(int process, int milliseconds);

// Runs words("whole"), then words("killed_0"), killed at moments of it and started again; if that
// ends before the tenth kill, words("killed_1"), and so on. All have ended; returns the killed
// projects.
std::vector<std::string> kill_ten_times(
    const std::function<Words(const std::string& project)>& words,
    const std::filesystem::path& folder);

}  // namespace lathe_test
