// Axes of a tensor that is looked at in another shape: flatten, view, reshape. Knows nothing about
// the nodes that do it.
#pragma once

#include "trace.hpp"

namespace widths {

class Reshape {
 public:
  Reshape(Trace& trace, const lathe::node& node);

  // Extents that multiply to the same number are matched from the left; within such a group axes
  // are laid end to end and cut again.
  Axes operator()(const Axes& in, lathe::shape before, lathe::shape after);

  // [A, B] as one axis: each place of A is followed by all of B.
  Axis merge(const Axis& a, const Axis& b);

 private:
  // The inverse: one axis as the extents after[from..to).
  void cut(const Axis& axis, lathe::shape after, std::uint64_t from, std::uint64_t to, Axes& out);

  // What each of `count` equal pieces of the axis is: the groups of a channel shuffle, say.
  Axis common_part(const Axis& axis, std::int64_t count, std::int64_t extent);

  Trace& trace_;
  std::string why_;
};

}  // namespace widths
