// "average_bitwidth <= 4.8": what must not be more than what; or the quantity alone.
#pragma once

#include <string>
#include <vector>

namespace search_strategies {

struct Budget {
  std::string quantity;
  double limit = 0;  // infinity: none
};

// Throws std::invalid_argument.
Budget read_budget(const std::string& text);

// Throws std::invalid_argument where `parameters`, those that have a choice, make the quantity one
// that does not add up.
void check_adds_up(const Budget& budget, const std::vector<std::string>& parameters);

}  // namespace search_strategies
