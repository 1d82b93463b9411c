// What a component says that it does and needs, in words.
#pragma once

#include "core/plugin/registry.hpp"

namespace lathe {

std::vector<std::string> flag_names(const Component& component);  // "reads weights", ...

}  // namespace lathe
