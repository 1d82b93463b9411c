// How often the evaluation cache helped: one line for people of what the report has.
#pragma once

#include "core/base/value.hpp"

#include <string>

namespace lathe {

// Of the environment's "cache", eg: "evaluation cache: 82% of 1200 look-ups found, at most 12.5 of
// 2048 MiB held". Empty if nothing was looked up.
std::string cache_line(const Value& environment);

}  // namespace lathe
