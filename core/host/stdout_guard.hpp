// Standard output belongs to the host. The real one is moved aside and descriptor 1 pointed at
// standard error, so that nothing a plugin or library prints can spoil a result. What goes to a
// terminal is escaped here, whoever made the text.
#pragma once

#include <cstdio>
#include <string_view>

namespace lathe {

// Call it first thing in main: descriptors 0, 1 and 2 that are closed become /dev/null, so that no
// file of the run gets such a number; a pipe that nobody reads any more and a file that may not
// grow (ulimit -f) are failed writes and no signals.
void open_standard_streams();

// Moves standard output aside. The result is the host's own stream, buffered; it stays open until
// the process ends. Calling it again gives the same stream.
std::FILE* claim_stdout();

// The claimed stream, or plain stdout if nobody claimed it.
std::FILE* host_output();

// A result for people: writes and flushes, control characters other than newlines and tabs escaped.
// Throws run_error if the other end is full or gone.
void write_output(std::string_view text);
// A result for programs, with rules of its own (JSON, TOML): as it is.
void write_data(std::string_view text);

// Talk: on standard error, escaped likewise. Where it cannot be written it is lost; the work goes
// on.
void write_talk(std::string_view text) noexcept;
// What steers the terminal itself: as it is.
void steer_terminal(std::string_view text) noexcept;

}  // namespace lathe
