// The standard normal distribution to the last digits, also far out.
#pragma once

namespace search_strategies {

// Mass of [a, b], in the tail that loses no digits.
double normal_mass(double a, double b);

// Inverse of the distribution function, to 1e-16 (Wichura, "Algorithm AS 241", 1988).
double normal_quantile(double p);

}  // namespace search_strategies
