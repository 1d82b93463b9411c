// The format that one operand of a node is to have.
#pragma once

#include <lathe/lathe.hpp>

namespace quantize {

struct Choice {
  lathe::node_id node;
  lathe_role role;
  std::string_view format;
  std::vector<lathe_entry> options;  // borrowed
};

inline lathe_value map_of(const std::vector<lathe_entry>& entries) {
  lathe_value map = {};
  map.kind = LATHE_VALUE_MAP;
  map.size = entries.size();
  map.as.map = entries.data();
  return map;
}

// Those of `after` that `before` leaves open, eg: "frac_width=5"; empty: none was chosen.
std::string chosen_text(lathe::value_view before, lathe::value_view after);
// "integer<width=8>", without what is NA or off.
std::string format_text(const Choice& choice);

}  // namespace quantize
