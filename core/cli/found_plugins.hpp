// The plugins that a listing command looks at, and what it says of those that cannot be used.
#pragma once

#include "core/cli/command_table.hpp"
#include "core/plugin/registry.hpp"
#include "core/report/json.hpp"

namespace lathe {

// Of the default folders and of --plugin.
Registry registry_of(const Invocation& call);

std::string broken_text(const Registry& registry);  // a paragraph each; empty if all is well
Json broken_json(const Registry& registry);

}  // namespace lathe
