// lathe data list|fetch: the data sets that Lathe knows where to get.
#pragma once

#include <string>
#include <vector>

namespace lathe {

int run_data_command(const std::vector<std::string>& words);

}  // namespace lathe
