// What stands between the brackets of x[:, ::2, 3, ...]: the literal that a getitem node carries.
// Knows nothing about tensors.
//
// As a value it is a list of items: {"slice": [start, stop, step]} (each an integer or none), an
// integer (that dimension goes away), none (a new dimension of one) or "..." (as many whole
// dimensions as are left). One item alone stands for a list of it.
#pragma once

#include "core/base/value.hpp"
#include "core/tensor/shape.hpp"

#include <optional>
#include <vector>

namespace lathe {

struct IndexItem {
  enum class Kind : std::uint8_t { slice, position, new_axis, ellipsis };
  Kind kind = Kind::slice;
  std::int64_t position = 0;
  std::optional<std::int64_t> start, stop;  // of a slice
  std::int64_t step = 1;

  bool whole() const { return kind == Kind::slice && !start && !stop && step == 1; }
};

// Throws usage_error saying what an index may hold.
std::vector<IndexItem> parse_index(const Value& index);

// One step of indexing a tensor of a known shape, with everything inside its bounds.
struct IndexStep {
  IndexItem::Kind kind = IndexItem::Kind::slice;  // never ellipsis
  std::int64_t start = 0, stop = 0, step = 1;     // start is the position
};

// Item for item, what is done to the dimensions of `shape` in order: a slice keeps one, a position
// takes one away, a new axis inserts one. Dimensions beyond the last item stay whole and are not
// listed. Throws usage_error for an index that does not fit or selects nothing.
std::vector<IndexStep> index_steps(const std::vector<IndexItem>& items, const Shape& shape);

Shape indexed_shape(const std::vector<IndexStep>& steps, const Shape& shape);

}  // namespace lathe
