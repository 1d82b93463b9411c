#include "budget.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <stdexcept>

namespace search_strategies {

namespace {

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

Budget read_budget(const std::string& text) {
  const auto refuse = [&](const std::string& why) {
    return std::invalid_argument("the budget '" + text + "' " + why +
                                 "; write eg 'average_bitwidth <= 4.8'");
  };
  const std::size_t at = text.find_first_of("<>=");
  Budget budget{trimmed(text.substr(0, at)), std::numeric_limits<double>::infinity()};
  if (budget.quantity.empty()) throw refuse("names no quantity");
  if (at == std::string::npos) return budget;
  if (text.compare(at, 2, "<=") != 0) throw refuse("is no '<='");
  const std::string number = trimmed(text.substr(at + 2));
  char* end = nullptr;
  budget.limit = std::strtod(number.c_str(), &end);
  if (number.empty() || *end != '\0' || !std::isfinite(budget.limit)) {
    throw refuse("has no number after '<='");
  }
  return budget;
}

// Bit operations multiply the widths of a layer's operands.
void check_adds_up(const Budget& budget, const std::vector<std::string>& parameters) {
  if (budget.quantity != "total_bitops") return;
  std::map<std::string, std::string> by_layer;
  for (const std::string& parameter : parameters) {
    const std::string layer = parameter.substr(0, parameter.find("/config/"));
    const auto [other, is_first] = by_layer.emplace(layer, parameter);
    if (is_first) continue;
    throw std::invalid_argument(
        "a budget of total_bitops needs each layer to have one searched parameter, and '" + layer +
        "' has '" + other->second + "' and '" + parameter +
        "', whose bit operations multiply; give all but one of them a single choice, or limit "
        "average_bitwidth");
  }
}

}  // namespace search_strategies
