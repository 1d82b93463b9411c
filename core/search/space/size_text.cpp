#include "core/search/space/size_text.hpp"

#include "core/search/space/domain.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace lathe {

namespace {

std::optional<std::uint64_t> exact(std::span<const std::uint64_t> factors) {
  std::uint64_t product = 1;
  for (const std::uint64_t factor : factors) {
    if (factor == kMostPoints || (factor != 0 && product > kMostPoints / factor))
      return std::nullopt;
    product *= factor;
  }
  return product;
}

double logarithm(std::span<const std::uint64_t> factors) {
  double sum = 0;
  for (const std::uint64_t factor : factors) sum += std::log10(static_cast<double>(factor));
  return sum;
}

// "1.6e60", whatever the exponent.
std::string power_of_ten(double logarithm) {
  double exponent = std::floor(logarithm);
  std::string digits = fmt::format("{:.1f}", std::pow(10.0, logarithm - exponent));
  if (digits == "10.0") {
    digits = "1.0";
    ++exponent;
  }
  return fmt::format("{}e{:.0f}", digits, exponent);
}

}  // namespace

std::string size_text(std::span<const std::uint64_t> factors) {
  constexpr std::size_t kMostNamed = 4;
  if (const auto product = exact(factors)) return std::to_string(*product);
  const std::string about = power_of_ten(logarithm(factors));
  std::map<std::uint64_t, std::size_t, std::greater<>> counts;
  for (const std::uint64_t factor : factors)
    if (factor > 1) ++counts[factor];
  // A factor that is too large to be counted is not known exactly.
  if (counts.size() > kMostNamed || counts.contains(kMostPoints)) return about;
  std::vector<std::string> powers;
  for (const auto& [factor, count] : counts)
    powers.push_back(count == 1 ? std::to_string(factor) : fmt::format("{}^{}", factor, count));
  return fmt::format("{} = {}", fmt::join(powers, " * "), about);
}

double size_number(std::span<const std::uint64_t> factors) {
  double product = 1;
  for (const std::uint64_t factor : factors) product *= static_cast<double>(factor);
  return product;
}

}  // namespace lathe
