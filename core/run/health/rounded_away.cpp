#include "core/run/health/rounded_away.hpp"

#include "core/base/words/short_lists.hpp"
#include "core/graph/formats/sites.hpp"
#include "core/run/quantizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace lathe::run {

namespace {

// Of the weights' own size, what is left at least of weights that are only rounded or clipped.
// Formats of signs alone make small weights larger; that is their way.
constexpr double kLeast = 0.1;
// Of the weights that are not zero, the part that may become zero.
constexpr double kMostZeroed = 0.5;

std::string format_text(const OperandFormat& format) {
  std::string options;
  for (const auto& [key, value] : format.options.as_map()) {
    if (value.is_none()) continue;
    options += fmt::format("{}{}={}", options.empty() ? "" : ",", key, value.text());
  }
  if (options.empty()) return format.format;
  return fmt::format("{}<{}>", format.format, with_short_lists(options));
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

// A weight and its format, to be named.
struct Named {
  const Node& node;
  const Parameter& weight;
  const OperandFormat& format;
};

// Empty: enough of their size is left.
std::string judged_by_size(const Named& of, std::span<const float> before,
                           std::span<const float> after) {
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
      of.weight.shape.numel(), of.weight.qualified_name, of.node.name, what, format_text(of.format),
      largest_of(before), left == 0 ? "" : fmt::format(" before and {:.3g} after", left),
      way_out(of.format, left > 0));
}

struct Zeroed {
  std::size_t count = 0, of = 0;  // of those that were not zero
};

Zeroed zeroed_of(std::span<const float> before, std::span<const float> after) {
  Zeroed zeroed;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == 0 || !std::isfinite(before[i])) continue;
    ++zeroed.of;
    zeroed.count += after[i] == 0 ? 1 : 0;
  }
  return zeroed;
}

// Whether values with the same index along that dimension have one magnitude besides zero.
bool has_one_magnitude(std::span<const float> values, const Shape& shape, std::size_t dimension) {
  std::size_t inner = 1;
  for (std::size_t d = dimension + 1; d < shape.rank(); ++d) {
    inner *= static_cast<std::size_t>(shape[d]);
  }
  const auto extent = static_cast<std::size_t>(shape.rank() == 0 ? 1 : shape[dimension]);
  std::vector<float> magnitudes(extent, 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float magnitude = std::abs(values[i]);
    float& first = magnitudes[i / inner % extent];
    if (magnitude == 0) continue;
    if (first != 0 && first != magnitude) return false;
    first = magnitude;
  }
  return true;
}

class Judge {
 public:
  Judge(const Registry& registry, const Graph& graph, NodeId id, const Named& of)
      : of_(of),
        quantizer_(quantizer_of(registry, graph, id, "weight")),
        place_{graph.seed(), 0},
        channel_axis_(site_of(graph, id, "weight", 0).channel_axis) {}

  bool can() const { return quantizer_ && !quantizer_.stochastic(); }

  // Empty: enough is left.
  std::string sentence() const {
    const std::span<const float> before = of_.weight.content->tensor().values<float>();
    const std::vector<float> after = quantized(before);
    std::string found = judged_by_size(of_, before, after);
    if (!found.empty()) return found;
    const Zeroed zeroed = zeroed_of(before, after);
    if (static_cast<double>(zeroed.count) <= kMostZeroed * static_cast<double>(zeroed.of) ||
        means_zero(before, after)) {
      return {};
    }
    return fmt::format(
        "{} of the {} values of '{}' (node '{}', weight) that are not 0, over half, round to 0 in "
        "{}; more bits or finer steps keep them{}",
        zeroed.count, zeroed.of, of_.weight.qualified_name, of_.node.name, format_text(of_.format),
        of_.format.options.find("frac_width") == nullptr
            ? ""
            : ": a larger width or frac_width, and quantize's calibration=mse finds the best");
  }

 private:
  std::vector<float> quantized(std::span<const float> before) const {
    std::vector<float> after(before.size());
    quantizer_.quantize(before.data(), after.data(), of_.weight.shape.dims(), false, place_);
    return after;
  }

  // A format of one magnitude and zero that goes by the size of the tensor itself, as ternary ones
  // do, has zero as one of its two answers: many zeros are its way.
  bool means_zero(std::span<const float> before, const std::vector<float>& after) const {
    const Shape& shape = of_.weight.shape;
    const bool one = has_one_magnitude(after, shape, 0) ||
                     (channel_axis_ > 0 &&
                      has_one_magnitude(after, shape, static_cast<std::size_t>(channel_axis_)));
    if (!one) return false;
    std::vector<float> larger(before.begin(), before.end());
    for (float& x : larger) x *= 16;
    const std::vector<float> of_larger = quantized(larger);
    return std::ranges::equal(after, of_larger,
                              [](float a, float b) { return (a == 0) == (b == 0); });
  }

  const Named& of_;
  Quantizer quantizer_;
  RandomPlace place_;
  std::int32_t channel_axis_;
};

}  // namespace

std::vector<std::string> weights_rounded_away(const Registry& registry, const Graph& graph) {
  std::vector<std::string> found;
  std::set<std::string_view> judged;  // a module that is called twice is one layer
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    const OperandFormat* format = node.format("weight");
    const Parameter* weight = node.parameter("weight");
    if (format == nullptr || weight == nullptr || weight->dtype != DType::float32) continue;
    if (!judged.insert(weight->qualified_name).second) continue;
    const Named of{node, *weight, *format};
    const Judge judge(registry, graph, id, of);
    if (!judge.can()) continue;
    try {
      std::string sentence = judge.sentence();
      if (!sentence.empty()) found.push_back(std::move(sentence));
    } catch (const Error& error) {
      if (error.code() == LATHE_CANCELLED) throw;
      // Who computes with it says so; counting does not.
    }
  }
  return found;
}

}  // namespace lathe::run
