// A TOML file as MASE has it: options of a run at the top, [passes], [search]. Here its parts are
// told apart. Knows nothing about what is in the tables.
#pragma once

#include "core/options/command_option.hpp"

namespace lathe {

// The option of a key as a file says it, in MASE's words too ("to_debug"), or null.
const CommandOption* find_option(std::string_view key);

struct RunConfig {
  Value options{Value::Map{}};  // options that the file gives, and only those, by Lathe's keys
  Value passes{Value::Map{}};   // [passes]
  Value search{Value::Map{}};   // [search]
};
// Every top-level key is known; values are checked.
RunConfig read_run_config(const Value& document);

}  // namespace lathe
