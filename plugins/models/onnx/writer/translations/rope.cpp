// Rotary position embedding written out, with its angles as numbers of the file: ONNX has an
// operator of its own from opset 23 on only.
#include "../translations.hpp"
#include "window.hpp"

#include <cmath>

namespace onnx_writer {

namespace {

// Of each position and pair, [length, pairs].
struct Angles {
  std::string cosine, sine;
};

Angles angles(Layer& layer, double theta, std::int64_t length, std::int64_t pairs) {
  std::vector<float> cosine, sine;
  for (std::int64_t position = 0; position < length; ++position) {
    for (std::int64_t j = 0; j < pairs; ++j) {
      const double share = static_cast<double>(j) / static_cast<double>(pairs);
      const double angle = static_cast<double>(position) * std::pow(theta, -share);
      cosine.push_back(static_cast<float>(std::cos(angle)));
      sine.push_back(static_cast<float>(std::sin(angle)));
    }
  }
  const auto written = [&](const char* what, const std::vector<float>& numbers) {
    return layer.network().model().reals(lathe::join({layer.node().name(), "_", what}),
                                         {length, pairs}, numbers);
  };
  return {written("cosine", cosine), written("sine", sine)};
}

class Rope {
 public:
  explicit Rope(Layer& layer)
      : layer_(layer), x_(layer.input(0)), rank_(layer.extents().size()), half_(layer.extents()) {
    if (half_[rank_ - 1].of_batch || half_[rank_ - 2].of_batch) {
      throw cannot({"its length or width is an open batch"});
    }
    half_.back().number /= 2;
  }

  void write() {
    const std::int64_t pairs = half_.back().number;
    const lathe::value_view pairing = layer_.attribute("pairing"),
                            theta = layer_.attribute("theta");
    const bool halves = !pairing || pairing.text() == "half";
    const Angles by =
        angles(layer_, theta ? theta.real() : 10000.0, half_[rank_ - 2].number, pairs);
    const std::string a = halves ? features(0, pairs, 1) : features(0, 2 * pairs, 2);
    const std::string b = halves ? features(pairs, 2 * pairs, 1) : features(1, 2 * pairs, 2);
    const std::string first = made("Sub", {made("Mul", {a, by.cosine}), made("Mul", {b, by.sine})});
    const std::string second =
        made("Add", {made("Mul", {b, by.cosine}), made("Mul", {a, by.sine})});
    if (!halves) return interleave(first, second);
    layer_.result("Concat", {first, second}, {{"axis", last()}});
  }

 private:
  std::int64_t last() const { return static_cast<std::int64_t>(rank_) - 1; }
  std::string made(const char* op, const std::vector<std::string>& inputs) {
    return layer_.make(op, inputs, {}, &half_);
  }
  std::string features(std::int64_t first, std::int64_t end, std::int64_t step) {
    return made("Slice", {x_, layer_.integers("starts", {first}), layer_.integers("ends", {end}),
                          layer_.integers("axes", {last()}), layer_.integers("steps", {step})});
  }
  void interleave(const std::string& first, const std::string& second) {
    Extents one = half_, two = half_;
    one.push_back({1, false});
    two.push_back({2, false});
    const std::string axes = layer_.integers("new_axis", {last() + 1});
    const std::string pairs = layer_.make("Concat",
                                          {layer_.make("Unsqueeze", {first, axes}, {}, &one),
                                           layer_.make("Unsqueeze", {second, axes}, {}, &one)},
                                          {{"axis", last() + 1}}, &two);
    std::vector<std::int64_t> wanted;
    for (const auto& extent : layer_.extents())
      wanted.push_back(extent.of_batch ? 0 : extent.number);
    layer_.result("Reshape", {pairs, layer_.integers("shape", wanted)});
  }

  Layer& layer_;
  std::string x_;
  std::size_t rank_;
  Extents half_;  // of one of a pair
};

void rope(Layer& layer) { Rope(layer).write(); }

}  // namespace

void add_rope(std::vector<Translation>& rows) { rows.push_back({"rope", rope}); }

}  // namespace onnx_writer
