// A runner of [search.strategy.sw_runner] or hw_runner in Lathe's words. Knows nothing about the
// rest of the [search] table.
#pragma once

#include "core/mase/mase.hpp"

namespace lathe {

SearchRunner read_runner(const std::string& word, const Value& given, bool hardware);

}  // namespace lathe
