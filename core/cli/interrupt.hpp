// Ctrl-C and SIGTERM: the first asks the work to end and save, the second kills.
#pragma once

#include <atomic>

namespace lathe {

// Installs the handlers; the flag becomes true at the first signal.
const std::atomic<bool>& catch_interrupts();

}  // namespace lathe
