// `key.path=value` on top of a document: what --set does. Knows nothing about what the keys mean.
#pragma once

#include "core/base/value.hpp"

namespace lathe {

// Sets `search.strategy.setup.n_trials` and the like; intermediate tables are made. `assignment` is
// "key.path=value". Later settings win.
void set_path(Value& document, std::string_view assignment, const std::string& origin);

}  // namespace lathe
