// Pages of documentation that the program writes: the committed ones are the same, and what they
// show works.
#pragma once

#include "tests/support/process.hpp"

#include <map>

namespace lathe_test {

using Files = std::map<std::string, std::string>;  // contents by name

Files files_in(const std::filesystem::path& folder);

// What `words` write into the folder `pages` of a fresh working folder.
Files written_by(const Words& words);

// docs/NAME holds these files and no others.
void check_committed(const Files& written, const std::string& name);

// Every page but the index has an `Example: `, and each ends with 0 in an empty folder.
void check_examples(const Files& pages);

}  // namespace lathe_test
