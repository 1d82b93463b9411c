// Which elements of a sample belong together: `dims` of a statistic, applied to a sample's shape.
// A sample is what is seen at once: a row of an activation as [1, ...], or a whole weight.
#pragma once

#include <lathe/hpp/value.hpp>

namespace statistics {

enum class Reduce {
  all,    // every element of every sample
  none,   // each element for itself, over the samples
  listed  // over the samples and the dimensions that are listed
};

struct Dims {
  Reduce reduce = Reduce::all;
  std::vector<std::int64_t> listed;  // as given: negative ones count from the last

  // "all", none ("NA", "none", "None"), one dimension or a list of them; throws error otherwise.
  static Dims of(lathe::value_view given);
  // Whether a sample of so many dimensions has those that are listed. One without dimensions counts
  // as one of one dimension, as in PyTorch.
  bool fits(std::uint64_t rank) const;
};

// The elements of a sample by cell. All cells have `within.size()` of them.
class Layout {
 public:
  Layout() = default;
  // Throws error (OUT_OF_RANGE) unless dims.fits() the sample.
  Layout(const Dims& dims, lathe::shape sample);

  // With Reduce::all there is one cell and no table of places.
  std::uint64_t cells() const { return cells_; }
  std::uint64_t per_cell() const { return per_cell_; }
  // Element i of a cell, as a place in the sample.
  std::uint64_t place(std::uint64_t cell, std::uint64_t i) const {
    return first_.empty() ? cell : first_[cell] + within_[i];
  }
  const std::vector<std::int64_t>& kept() const { return kept_; }  // shape of the cells

 private:
  std::uint64_t cells_ = 1, per_cell_ = 1;
  std::vector<std::int64_t> kept_;
  std::vector<std::uint64_t> first_, within_;  // empty: a cell for each element
};

}  // namespace statistics
