#include "core/run/health/rounded_away.hpp"

#include "core/run/quantizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lathe::run {

namespace {

// Of the weights' own size, what is left at least of weights that are only rounded or clipped.
// Formats of signs alone make small weights larger; that is their way.
constexpr double kLeast = 0.1;

std::string format_text(const OperandFormat& format) {
  std::string options;
  for (const auto& [key, value] : format.options.as_map()) {
    if (value.is_none()) continue;
    options += fmt::format("{}{}={}", options.empty() ? "" : ",", key, value.text());
  }
  return options.empty() ? format.format : fmt::format("{}<{}>", format.format, options);
}

std::string way_out(const OperandFormat& format, bool clipped) {
  if (format.options.find("frac_width") == nullptr)
    return clipped ? "a format with a wider range holds them" : "one with finer steps keeps them";
  return fmt::format(
      "{} bits behind the point (frac_width) keep them, and quantize's calibration=range finds how "
      "many",
      clipped ? "fewer" : "more");
}

float largest_of(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

// Empty: enough is left.
std::string judged(const Node& node, const Parameter& weight, const OperandFormat& format,
                   std::span<const float> before, std::span<const float> after) {
  double kept = 0, whole = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    kept += static_cast<double>(before[i]) * static_cast<double>(after[i]);
    whole += static_cast<double>(before[i]) * static_cast<double>(before[i]);
  }
  // Not >=, so that NaN, which others speak of, is no finding here.
  if (!(whole > 0) || !(kept < kLeast * whole)) return {};
  const float left = largest_of(after);
  const std::string what = left == 0
                               ? "all round to 0"
                               : fmt::format("keep {:.0f}% of their size", 100.0 * kept / whole);
  return fmt::format(
      "the {} values of '{}' (node '{}', weight) {} in {}: the largest is {:.3g}{}; {}",
      weight.shape.numel(), weight.qualified_name, node.name, what, format_text(format),
      largest_of(before), left == 0 ? "" : fmt::format(" before and {:.3g} after", left),
      way_out(format, left > 0));
}

}  // namespace

std::vector<std::string> weights_rounded_away(const Registry& registry, const Graph& graph) {
  std::vector<std::string> found;
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    const OperandFormat* format = node.format("weight");
    const Parameter* weight = node.parameter("weight");
    if (format == nullptr || weight == nullptr || weight->dtype != DType::float32) continue;
    const Quantizer quantizer = quantizer_of(registry, graph, id, "weight");
    if (!quantizer || quantizer.stochastic()) continue;
    const std::span<const float> before = weight->content->tensor().values<float>();
    std::vector<float> after(before.size());
    try {
      quantizer.quantize(before.data(), after.data(), weight->shape.dims(), false,
                         {graph.seed(), 0});
    } catch (const Error& error) {
      if (error.code() == LATHE_CANCELLED) throw;
      continue;  // who computes with it says so; counting does not
    }
    std::string sentence = judged(node, *weight, *format, before, after);
    if (!sentence.empty()) found.push_back(std::move(sentence));
  }
  return found;
}

}  // namespace lathe::run
