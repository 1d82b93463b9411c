// What a graph asks of a number format that it cannot know itself. Knows nothing about plugins.
#pragma once

#include <lathe/kind/format.h>

namespace lathe {

// One for each format with its options; outlives all graphs.
class FormatStorage {
 public:
  virtual ~FormatStorage() = default;
  // Bits per element of the tensor of a site, whose shape is known: fields that a block, a row or a
  // channel shares are counted. 0: it has no elements. Throws what the format refuses.
  // Thread-safe, and quick for what was asked before.
  virtual double bits_per_element(const lathe_site& site) const = 0;
};

}  // namespace lathe
