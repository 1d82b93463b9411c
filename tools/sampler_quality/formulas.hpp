// Test functions of continuous optimisation, by name, in the shifted and scaled variables z.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lathe::quality {

struct Formula {
  std::string_view name;
  std::size_t least = 1;  // variables
  double (*value)(std::span<const double> z);
};

const Formula* find_formula(std::string_view name);  // null: there is none
std::vector<std::string> formula_names();

// `matrix` by rows.
std::vector<double> rotated(const std::vector<std::vector<double>>& matrix,
                            std::span<const double> z);

}  // namespace lathe::quality
