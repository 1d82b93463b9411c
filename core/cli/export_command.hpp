// lathe export: what a checkpoint holds, and the same in another form. Opens no plugins.
#pragma once

#include <string>
#include <vector>

namespace lathe {

// `words` are those after `lathe export`. Returns the exit code; errors are thrown.
int run_export_command(const std::vector<std::string>& words);

}  // namespace lathe
