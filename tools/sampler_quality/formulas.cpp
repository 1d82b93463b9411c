#include "tools/sampler_quality/formulas.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace lathe::quality {
namespace {

using Z = std::span<const double>;
using std::numbers::pi;

double sphere(Z z) { return std::inner_product(z.begin(), z.end(), z.begin(), 0.0); }

double ellipsoid(Z z) {
  double sum = 0;
  for (std::size_t i = 0; i < z.size(); ++i)
    sum +=
        std::pow(10, 4 * static_cast<double>(i) / static_cast<double>(z.size() - 1)) * z[i] * z[i];
  return sum;
}

double rastrigin(Z z) {
  double sum = 0;
  for (const double x : z) sum += x * x - 10 * std::cos(2 * pi * x) + 10;
  return sum;
}

double rosenbrock(Z z) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < z.size(); ++i) {
    const double a = z[i] + 1, b = z[i + 1] + 1;
    sum += 100 * (b - a * a) * (b - a * a) + (1 - a) * (1 - a);
  }
  return sum;
}

double ackley(Z z) {
  const auto n = static_cast<double>(z.size());
  double cosines = 0;
  for (const double x : z) cosines += std::cos(2 * pi * x);
  return -20 * std::exp(-0.2 * std::sqrt(sphere(z) / n)) - std::exp(cosines / n) + 20 +
         std::numbers::e;
}

double griewank(Z z) {
  double product = 1;
  for (std::size_t i = 0; i < z.size(); ++i)
    product *= std::cos(z[i] / std::sqrt(static_cast<double>(i + 1)));
  return sphere(z) / 4000 - product + 1;
}

double first(Z z) { return z[0]; }

double log10sq(Z z) {
  double sum = 0;
  for (const double x : z) sum += std::log10(std::max(x, 1e-300)) * std::log10(std::max(x, 1e-300));
  return sum;
}

// Zitzler, Deb, Thiele, "Comparison of multiobjective evolutionary algorithms", 2000.
double zdt_g(Z z) {
  return 1 + 9 * std::accumulate(z.begin() + 1, z.end(), 0.0) / static_cast<double>(z.size() - 1);
}
double zdt1_f2(Z z) { return zdt_g(z) * (1 - std::sqrt(z[0] / zdt_g(z))); }
double zdt2_f2(Z z) { return zdt_g(z) * (1 - z[0] / zdt_g(z) * z[0] / zdt_g(z)); }

constexpr Formula kFormulas[] = {
    {"sphere", 1, sphere},         {"ellipsoid", 2, ellipsoid}, {"rastrigin", 1, rastrigin},
    {"rosenbrock", 2, rosenbrock}, {"ackley", 1, ackley},       {"griewank", 1, griewank},
    {"first", 1, first},           {"log10sq", 1, log10sq},     {"zdt1_f2", 2, zdt1_f2},
    {"zdt2_f2", 2, zdt2_f2},
};

}  // namespace

const Formula* find_formula(std::string_view name) {
  const auto* found = std::ranges::find(kFormulas, name, &Formula::name);
  return found == std::end(kFormulas) ? nullptr : found;
}

std::vector<std::string> formula_names() {
  std::vector<std::string> names;
  for (const Formula& formula : kFormulas) names.emplace_back(formula.name);
  return names;
}

std::vector<double> rotated(const std::vector<std::vector<double>>& matrix,
                            std::span<const double> z) {
  std::vector<double> result;
  for (const std::vector<double>& row : matrix)
    result.push_back(std::inner_product(row.begin(), row.end(), z.begin(), 0.0));
  return result;
}

}  // namespace lathe::quality
