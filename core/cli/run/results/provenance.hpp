// What a result came from: versions and hashes of everything that had a part in it.
#pragma once

#include "core/cli/run/session.hpp"
#include "core/report/json.hpp"

namespace lathe {

// {"lathe", "build", "command_line", "config", "plugins", "data", "weights", "seed", "threads",
//  engine's environment, "time"}. Invocation it at the end: it tells what was really loaded and
//  read.
Json provenance_of(Session& session);

}  // namespace lathe
