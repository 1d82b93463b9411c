// Number formats whose codes have at most 8 bits, with any options, and numbers for them.
#pragma once

#include "tests/engine/engine.hpp"
#include "tests/engine/integer/draw.hpp"

namespace lathe_test {

struct RandomFormat {
  std::string id;
  Value options{Value::Map{}};     // those that are given
  std::int64_t low = 0, high = 0;  // levels
  double scale = 1;                // the largest
  bool looks_at_others = false;    // what it makes of an element depends on others
  bool may_not_fit = false;        // its scale may change within a sum

  std::string text() const { return id + options.text(); }
};

// What a format sits on.
enum class Place { rows, channels, filters, columns };

// rows: data of linear, or the first operand of a product; channels: data of a convolution;
// filters: `count` of them along the first dimension of a weight; columns: `count` along the last
// one of a product's second operand.
RandomFormat random_format(Draw& draw, Place place, std::int64_t count);

// Numbers in the format's range and beyond its ends: as many different ones as it can hold, all at
// one end, zeros, infinities (of data).
Tensor numbers_for(Draw& draw, const RandomFormat& format, const Shape& shape, bool infinities);

}  // namespace lathe_test
