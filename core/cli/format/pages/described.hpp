// What the pages of number formats are made of: each format with its defaults, looked at once.
#pragma once

#include "core/cli/format/measured.hpp"
#include "core/plugin/registry.hpp"

namespace lathe {

struct DescribedFormat {
  const Component* component = nullptr;
  std::vector<std::string> other_names;  // components that are the same
  double bits = 0;                       // per element of a weight of 256 by 256
  Value precision;
  bool has_codes = false, has_gradient = false;
  Representable representable;
  Measured error;  // on normal numbers of seed 0
};

// Those that come with the program, by id.
std::vector<DescribedFormat> built_in_formats(const Registry& registry);

// Those that stand beside it in its picture: of the others, each with values that no scale makes of
// another's, the three nearest in bits of storage (whole ones), and of as many bits those nearest
// in dynamic range.
std::vector<const DescribedFormat*> neighbours_of(const DescribedFormat& format,
                                                  const std::vector<DescribedFormat>& all);

}  // namespace lathe
