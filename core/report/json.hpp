// Reports as JSON, for machines.
#pragma once

#include "core/base/json.hpp"
#include "core/host/run.hpp"

namespace lathe {

// {"pass": id, "scalars": {name: number}, "tables": {name: [{column: cell}]}, "texts", "files"};
// the last two only where there are any.
Json json_of(const PassReport& report);

// One object and a newline on standard output; `indent` -1: on one line. Bytes that are not UTF-8
// are replaced, since JSON has no way to write them.
void write_json(const Json& json, int indent = 2);
std::string json_text(const Json& json, int indent = 2);  // the same as text

}  // namespace lathe
