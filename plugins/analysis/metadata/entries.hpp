// Entries of metadata: which are tensors, and which nodes are only wires.
#pragma once

#include <lathe/lathe.hpp>

namespace metadata {

// {type, precision, shape, ...}; other arguments are literals.
inline bool is_tensor(lathe::value_view entry) { return bool(entry.find("precision")); }

inline bool is_implicit(lathe::value_view metadata) {
  const lathe::value_view said = metadata.find("hardware").find("is_implicit");
  return said.kind() == LATHE_VALUE_BOOL && said.boolean();
}

// Calls each(key, entry) for the entries of a map; for none, where it is no map.
template <class Each>
void for_each(lathe::value_view map, const Each& each) {
  if (map.kind() != LATHE_VALUE_MAP) return;
  for (const lathe_entry& entry : map.entries()) {
    each(lathe::to_view(entry.key), lathe::value_view(&entry.value));
  }
}

// Where its entries lie: the same for nodes that are alike.
inline const void* place(lathe::value_view map) {
  return map.kind() == LATHE_VALUE_MAP ? map.raw()->as.map : nullptr;
}

}  // namespace metadata
