#include "core/checkpoint/odd_contents.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>
#include <cmath>

namespace lathe {

namespace {

constexpr std::size_t kMostNamed = 6;

bool is_float(DType dtype) {
  return dtype == DType::float32 || dtype == DType::float64 || dtype == DType::float16 ||
         dtype == DType::bfloat16;
}

struct Bad {
  std::int64_t nan = 0, infinite = 0;
  bool any() const { return nan + infinite > 0; }
  std::string text() const {
    std::string out = nan > 0 ? fmt::format("{} NaN", nan) : "";
    if (infinite > 0) out += fmt::format("{}{} infinite", nan > 0 ? " and " : "", infinite);
    return out;
  }
};

// REQUIRES: float32.
Bad bad_numbers(const Tensor& tensor) {
  constexpr std::uint32_t kExponent = 0x7F800000;
  bool any = false;
  for (const float x : tensor.values<float>())
    any |= (std::bit_cast<std::uint32_t>(x) & kExponent) == kExponent;
  Bad bad;
  if (!any) return bad;
  for (const float x : tensor.values<float>()) {
    bad.nan += std::isnan(x) ? 1 : 0;
    bad.infinite += std::isinf(x) ? 1 : 0;
  }
  return bad;
}

// Numbers that float32 has no room for.
std::int64_t too_large(const Tensor& file) {
  if (file.dtype() != DType::float64) return 0;
  std::int64_t count = 0;
  for (const double x : file.values<double>())
    count += std::isfinite(x) && std::isinf(static_cast<float>(x)) ? 1 : 0;
  return count;
}

// Numbers that integers cannot be.
std::int64_t cut_off(const Tensor& file) {
  const auto cut = [](auto values) {
    std::int64_t count = 0;
    for (const auto x : values) count += std::trunc(x) == x ? 0 : 1;
    return count;
  };
  if (file.dtype() == DType::float32) return cut(file.values<float>());
  return file.dtype() == DType::float64 ? cut(file.values<double>()) : 0;
}

// "'a' (int8), 'b' (int8) and 3 more"
std::string listed(const std::vector<std::string>& tensors) {
  const auto shown = std::span(tensors).first(std::min(tensors.size(), kMostNamed));
  std::string text = fmt::format("{}", fmt::join(shown, ", "));
  if (tensors.size() > kMostNamed) text += fmt::format(" and {} more", tensors.size() - kMostNamed);
  return text;
}

}  // namespace

std::vector<std::string> odd_contents(const Graph& graph, const Checkpoint& checkpoint,
                                      const LoadReport& report) {
  std::vector<std::string> integers, overflown, bad, cut;
  for (const auto& [node, parameter] : graph.parameters()) {
    const std::string name = report.prefix + parameter->qualified_name;
    const auto found = checkpoint.tensors.find(name);
    if (found == checkpoint.tensors.end()) continue;
    const Tensor& file = found->second;
    if (!is_float(parameter->dtype)) {
      if (const std::int64_t count = cut_off(file); count > 0)
        cut.push_back(fmt::format("'{}' ({} of {})", name, count, file.numel()));
      continue;
    }
    if (!is_float(file.dtype()))
      integers.push_back(fmt::format("'{}' ({})", name, lathe::name(file.dtype())));
    if (const std::int64_t count = too_large(file); count > 0) {
      overflown.push_back(fmt::format("'{}' ({} of {})", name, count, file.numel()));
      continue;
    }
    const Tensor& contents = parameter->content->tensor();
    if (contents.dtype() != DType::float32) continue;
    if (const Bad numbers = bad_numbers(contents); numbers.any())
      bad.push_back(fmt::format("'{}' ({} of {})", name, numbers.text(), contents.numel()));
  }
  std::vector<std::string> out;
  if (!integers.empty())
    out.push_back(fmt::format(
        "whole numbers stand where the network computes with fractions: {}; they are taken as they "
        "are, so codes of a quantized network have lost their scale",
        listed(integers)));
  if (!overflown.empty())
    out.push_back(fmt::format("values of float64 are too large for float32 and become infinite: {}",
                              listed(overflown)));
  if (!bad.empty()) out.push_back(fmt::format("weights are not finite: {}", listed(bad)));
  if (!cut.empty())
    out.push_back(fmt::format("fractions are cut off where the network counts: {}", listed(cut)));
  return out;
}

}  // namespace lathe
