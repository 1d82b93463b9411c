// A space of lists as rows of numbers: every choice of every parameter has a column. Parameters
// with as many choices as each other are a family: what they choose from may mean the same.
// Knows nothing of trials.
#pragma once

#include "../../space.hpp"

#include <cstddef>

namespace search_strategies {

// Per parameter the column of what it chose.
using Columns = std::vector<std::uint32_t>;

class Choices {
 public:
  // Whether every parameter is a list, there in every trial, and there are not too many columns.
  static bool describe(const Space& space);

  // REQUIRES: describe(space).
  explicit Choices(const Space& space);

  std::size_t parameters() const { return first_.size() - 1; }
  std::size_t columns() const { return first_.back(); }
  std::uint32_t first(std::size_t p) const { return first_[p]; }
  std::uint32_t end(std::size_t p) const { return first_[p + 1]; }
  std::size_t parameter_of(std::size_t column) const { return parameter_of_[column]; }

  // What a column shares with those of its family at the same place of the list.
  std::size_t levels() const { return levels_; }
  std::size_t level_of(std::size_t column) const { return level_of_[column]; }
  std::size_t families() const { return families_; }
  std::size_t family_of(std::size_t p) const { return family_of_[p]; }

  Columns columns_of(const double* values) const;
  void values_of(const Columns& columns, double* values) const;

 private:
  const std::vector<Parameter> list_;
  std::vector<std::uint32_t> first_;
  std::vector<std::size_t> parameter_of_, level_of_, family_of_;
  std::size_t levels_ = 0, families_ = 0;
};

}  // namespace search_strategies
