// Names that MASE has and Lathe has not: passes, models, data sets, formats, samplers,
// strategies, actions, options. For hints only; what both have stands in words.hpp.
#pragma once

#include <string>
#include <string_view>

namespace lathe {

// ": a model of MASE's that Lathe does not have" if `name` is one, and where there is one, what to
// use instead; of a pass ": ... that Lathe leaves out on purpose; " and why; else empty. `kind`:
// pass, model, dataset, format, sampler, strategy, search_space, action, option (with or without
// its dashes).
std::string about_mase_name(std::string_view kind, std::string_view name);

}  // namespace lathe
