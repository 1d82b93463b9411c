// What every command that runs a pipeline does before its own work: settings, the log, warnings, a
// session.
#pragma once

#include "core/cli/run/session.hpp"

namespace lathe {

// A command checks all it can before it starts, works, and delivers its results; failures are
// thrown.
using Work = void (*)(Session& session);
void run_in_session(const Invocation& call, Work work);

// The first of it alone: the log as the settings ask, and its level.
std::string start_log(const Settings& settings);

}  // namespace lathe
