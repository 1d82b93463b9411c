// Ctrl-C, SIGTERM and SIGHUP (the terminal is gone): the first asks the work to end and save, the
// second kills. A plugin's
// function that does not come back after the first is waited for, but not for long: what sends one
// SIGTERM and waits (a batch system, a container) would find the run alive.
#pragma once

#include <atomic>
#include <memory>

namespace lathe {

// Installs the handlers; the flag becomes true at the first signal.
const std::atomic<bool>& catch_interrupts();

// While what it gives lives, nothing of this runs on a thread of its own; signals are taken all the
// same.
std::shared_ptr<void> pause_interrupt_thread();

// The work is done: signals kill at once again, and nothing that a library does at the end of the
// process keeps an interrupted one alive.
void leave_interrupts();

}  // namespace lathe
