// Which choices of which parameters belong together, and how numbers that were found for them
// become one number per parameter and choice. Knows nothing of graphs.
#pragma once

#include <lathe/lathe.hpp>

#include <memory>
#include <string>
#include <vector>

namespace sensitivity {

// A choice for each parameter of the space, by number.
using Choices = std::vector<std::uint64_t>;

// What is known of one parameter.
struct Parameter {
  std::string name;
  std::uint64_t choices = 0;
  std::optional<std::uint32_t> parent;
  std::vector<std::uint64_t> parent_choices;
};

using Parameters = std::shared_ptr<const std::vector<Parameter>>;  // of the space, in its order

// All combinations of some parameters, or, where they are too many, one parameter at a time: cell 0
// has the first choice of each, then come all choices of the first, of the second, ...
class Grid {
 public:
  static constexpr std::uint64_t kMostCells = 256;

  Grid(Parameters space, std::vector<std::size_t> parameters);

  const std::vector<std::size_t>& parameters() const { return parameters_; }
  std::uint64_t cells() const { return cells_; }
  bool one_at_a_time() const { return one_at_a_time_; }
  // The rest of the space has its first choice, except that whatever has another one exists.
  Choices choices(std::uint64_t cell) const;

 private:
  friend struct Split;
  std::uint64_t choice(std::uint64_t cell, std::size_t place) const;

  Parameters space_;
  std::vector<std::size_t> parameters_;
  std::uint64_t cells_ = 1;
  bool one_at_a_time_ = false;
};

// `values`, one per cell, as a sum: of one parameter its values; of several the least value with
// each choice above the least of all, which is the constant; one at a time, each choice's above
// that of cell 0.
struct Split {
  Split(const Grid& grid, const std::vector<double>& values);
  std::vector<std::vector<double>> by_parameter;  // as grid.parameters(), one per choice
  double constant = 0;
};

// The choices with one changed; what that hangs on takes a choice with which it exists.
Choices with_choice(const std::vector<Parameter>& space, Choices choices, std::size_t parameter,
                    std::uint64_t choice);

}  // namespace sensitivity
