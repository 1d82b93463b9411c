#include "core/tensor/shape.hpp"

#include "core/base/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lathe {

Shape::Shape(std::vector<std::int64_t> dims) : dims_(std::move(dims)) {}

std::int64_t Shape::numel() const {
  std::int64_t n = 1;
  bool overflow = false;
  for (std::int64_t dim : dims_) {
    if (dim < 0) throw run_error(LATHE_OUT_OF_RANGE, "shape " + text() + " has a negative extent");
    if (dim == 0) return 0;  // whatever the others are
  }
  for (std::int64_t dim : dims_) overflow |= __builtin_mul_overflow(n, dim, &n);
  if (overflow) {
    throw run_error(LATHE_OUT_OF_RANGE,
                    "shape " + text() + " has more elements than 64 bits count");
  }
  return n;
}

std::string Shape::text() const { return fmt::format("[{}]", fmt::join(dims_, ", ")); }

}  // namespace lathe
