// Values as JSON and back, and reports as JSON for machines; keys keep their order. NaN and the infinities, which
// JSON lacks, become null.
#pragma once

#include "core/host/run.hpp"

#include <nlohmann/json.hpp>

namespace lathe {

using Json = nlohmann::ordered_json;

Json json_of(const Value& value);
Value value_of(const Json& json);
// {"pass": id, "scalars": {name: number}, "tables": {name: [{column: cell}]}, "texts", "files"};
// the last two only where there are any.
Json json_of(const PassReport& report);

}  // namespace lathe
