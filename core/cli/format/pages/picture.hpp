// A picture of the values of number formats, as SVG.
#pragma once

#include "core/cli/format/pages/described.hpp"

#include <span>
#include <string>

namespace lathe {

// A line for each format, the first one marked: all its values, from its lowest to its largest, and
// below the positive ones on one logarithmic axis.
std::string value_picture(std::span<const DescribedFormat* const> formats);

}  // namespace lathe
