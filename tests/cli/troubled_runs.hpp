// Command lines in which a fixture plugin does something it must not, in a function of its own.
#pragma once

#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

namespace lathe_test {

// A function of one of the fixture's components, and the command in which it is called.
struct TroubledPlace {
  const char* command;    // transform, train, search
  const char* component;  // "pass 'ender'", "data set 'ender'"
  const char* where;      // run, open, quantize, ...
};

std::string fixture_file(const std::string& name);

// As messages name it: "in run()".
std::string function_of(const TroubledPlace& place);

// Writes what the command needs into the folder. The results are in the folder "p" of it.
Words troubled_run(const TroubledPlace& place, const std::string& how,
                   const std::filesystem::path& folder);

}  // namespace lathe_test
