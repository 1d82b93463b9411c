// Standard output belongs to the host. The real one is moved aside and descriptor 1 pointed at
// standard error, so that nothing a plugin or library prints can spoil a result.
#pragma once

#include <cstdio>
#include <string_view>

namespace lathe {

// Moves standard output aside; call it first thing in main. The result is the host's own stream,
// buffered; it stays open until the process ends. Calling it again gives the same stream.
std::FILE* claim_stdout();

// The claimed stream, or plain stdout if nobody claimed it.
std::FILE* host_output();

// Writes and flushes. Throws run_error if the other end is full or gone.
void write_output(std::string_view text);

}  // namespace lathe
