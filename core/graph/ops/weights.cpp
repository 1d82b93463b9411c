#include "core/graph/ops/weights.hpp"

#include <cmath>

namespace lathe::rules {

bool is_module(const Node& node) { return node.opcode == Opcode::call_module; }

void expect_positive(const Value& attributes, std::string_view name) {
  if (whole(attributes, name) <= 0) {
    refuse(fmt::format("'{}' = {}; it must be positive", name, whole(attributes, name)));
  }
}

std::vector<Parameter> weight_and_bias(const Shape& weight, std::int64_t channels, bool bias) {
  const std::int64_t fan_in = weight.numel() / weight[0];
  const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
  const Initialiser uniform{Initialiser::Kind::uniform, -bound, bound};
  std::vector<Parameter> out{parameter("weight", weight, uniform)};
  if (bias) out.push_back(parameter("bias", Shape{channels}, uniform));
  return out;
}

void check_function_bias(const OpInputs& in, std::int64_t channels) {
  if (in.tensors.size() < 3) return;
  if (tensor(in, 2).shape != Shape{channels}) {
    refuse(fmt::format("expected a bias of shape [{}], found {}", channels,
                       tensor(in, 2).shape.text()));
  }
}

}  // namespace lathe::rules
