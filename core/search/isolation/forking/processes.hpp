// What the system tells of processes: threads, children, how one ended. Knows nothing of trials.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>

namespace lathe {

// Of this process, this one included. Throws run_error where /proc does not tell.
std::size_t count_threads();

// Kills the children of this process, and what is handed down to it when they end, until only those
// are left that it is to `keep`.
void kill_children_but(const std::function<bool(pid_t child)>& keep);

// Of waitpid()'s status: "was killed by SIGSEGV", "ended with exit status 3".
std::string text_of_status(int status);

}  // namespace lathe
