// Extents of a tensor, outermost first, row-major. Copies share them until one of them writes.
#pragma once

#include "core/base/shared.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace lathe {

class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dims) : dims_(dims) {}
  explicit Shape(std::vector<std::int64_t> dims);

  std::size_t rank() const { return dims_.size(); }
  std::int64_t operator[](std::size_t i) const { return dims_[i]; }
  std::int64_t& operator[](std::size_t i) { return dims_.own(i); }
  const std::vector<std::int64_t>& dims() const { return dims_.items(); }
  auto begin() const { return dims_.begin(); }
  auto end() const { return dims_.end(); }

  // Product of the extents; 1 for a scalar. Throws run_error(OUT_OF_RANGE) on overflow.
  std::int64_t numel() const;
  std::string text() const;  // "[8, 16]"
  bool operator==(const Shape&) const = default;

 private:
  SharedList<std::int64_t> dims_;
};

}  // namespace lathe
