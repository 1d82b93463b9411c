// Reports as JSON, for machines.
#pragma once

#include "core/base/json.hpp"
#include "core/host/run.hpp"

namespace lathe {

// {"pass": id, "scalars": {name: number}, "tables": {name: [{column: cell}]}, "texts", "files"};
// the last two only where there are any.
Json json_of(const PassReport& report);

}  // namespace lathe
