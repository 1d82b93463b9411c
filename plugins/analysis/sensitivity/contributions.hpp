// An objective as a sum over the parameters of a space, and the file that holds such sums.
#pragma once

#include "sites.hpp"

namespace sensitivity {

class Contributions {
 public:
  // `constant`: of what no parameter changes.
  Contributions(std::string objective, const Parameters& parameters, double constant);

  // Adds `values`, one per cell of the grid, times `factor`.
  void add(const Grid& grid, const std::vector<double>& values, double factor = 1);

  // `"objective": {"": [...], "parameter": [...], ...}`; a number that is not finite becomes null.
  std::string json() const;

 private:
  std::string objective_;
  Parameters parameters_;
  double constant_;
  std::vector<std::vector<double>> values_;  // by parameter and choice
};

// What `average_bitwidth` and `total_bitops` publish.
std::vector<Contributions> costs_of(const Sites& sites);

std::string file_text(const std::vector<Contributions>& objectives);

}  // namespace sensitivity
